"""`SqlRunStore`: the run store over SQLAlchemy.

What belongs here: which function serves which method of the port, and whether it reads or writes.
Docstrings are those of the port.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from prefect_results.backend.store import migrate
from prefect_results.backend.store.port import OnConflict, RunStore
from prefect_results.backend.store.records import (
    Edge,
    Flow,
    FlowGroup,
    FlowRun,
    Json,
    LogEntry,
    NewLog,
    NewState,
    NewTaskRun,
    Outcome,
    Page,
    Project,
    RunState,
    Task,
    TaskRun,
)
from prefect_results.backend.store.sql import (
    flow_runs,
    flows,
    graphs,
    logs,
    projects,
    states,
    task_runs,
)
from prefect_results.backend.store.sql.database import Database


class SqlRunStore(RunStore):
    """A run store in an SQLite file or a PostgreSQL database.

    Args:
        url: As `open_store` takes it.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.database = Database(url)
        try:
            migrate.ensure(self.database)
        except BaseException:
            self.database.dispose()
            raise

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.database.engine.url.render_as_string()!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.url,))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self.database.write():
            yield

    def close(self) -> None:
        self.database.dispose()

    # Projects

    def create_project(self, name: str, description: str | None = None) -> Project:
        return self.database.run(lambda c: projects.create(c, name, description))

    def ensure_project(self, name: str) -> Project:
        return self.find_project(name) or self.database.run(lambda c: projects.ensure(c, name))

    def get_project(self, project_id: str) -> Project:
        with self.database.read() as c:
            return projects.get(c, project_id)

    def find_project(self, name: str) -> Project | None:
        with self.database.read() as c:
            return projects.find(c, name)

    def list_projects(self) -> list[Project]:
        with self.database.read() as c:
            return projects.listed(c)

    def delete_project(self, project_id: str) -> None:
        self.database.run(lambda c: projects.remove(c, project_id))

    # Flows

    def register_flow(
        self,
        project_id: str,
        serialized_flow: Mapping[str, Json],
        *,
        version_group_id: str | None = None,
        idempotency_key: str | None = None,
        core_version: str | None = None,
        settings: Mapping[str, Json] | None = None,
    ) -> Flow:
        return self.database.run(
            lambda c: flows.register(
                c,
                project_id,
                serialized_flow,
                version_group_id,
                idempotency_key,
                core_version,
                settings,
            )
        )

    def add_tasks(self, flow_id: str, serialized_tasks: Iterable[Mapping[str, Json]]) -> None:
        tasks = list(serialized_tasks)
        self.database.run(lambda c: graphs.add_tasks(c, flow_id, tasks))

    def add_edges(self, flow_id: str, serialized_edges: Iterable[Mapping[str, Json]]) -> None:
        edges = list(serialized_edges)
        self.database.run(lambda c: graphs.add_edges(c, flow_id, edges))

    def get_flow(self, flow_id: str) -> Flow:
        with self.database.read() as c:
            return flows.get(c, flow_id)

    def get_flow_group(self, flow_group_id: str) -> FlowGroup:
        with self.database.read() as c:
            return flows.get_group(c, flow_group_id)

    def list_flows(
        self,
        *,
        name: str | None = None,
        project_id: str | None = None,
        flow_group_id: str | None = None,
        archived: bool | None = None,
        schedule_active: bool | None = None,
    ) -> list[Flow]:
        with self.database.read() as c:
            return flows.listed(
                c,
                name=name,
                project_id=project_id,
                flow_group_id=flow_group_id,
                archived=archived,
                is_schedule_active=schedule_active,
            )

    def archive_flow(self, flow_id: str, archived: bool = True) -> None:
        self.database.run(lambda c: flows.change(c, flow_id, archived=archived))

    def set_schedule_active(self, flow_id: str, active: bool = True) -> None:
        self.database.run(lambda c: flows.change(c, flow_id, is_schedule_active=active))

    def delete_flow(self, flow_id: str) -> None:
        self.database.run(lambda c: flows.remove(c, flow_id))

    def list_tasks(self, flow_id: str) -> list[Task]:
        with self.database.read() as c:
            return graphs.listed_tasks(c, flow_id)

    def list_edges(self, flow_id: str) -> list[Edge]:
        with self.database.read() as c:
            return graphs.listed_edges(c, flow_id)

    # Flow runs

    def create_flow_run(
        self,
        flow_id: str,
        *,
        id: str | None = None,
        name: str | None = None,
        parameters: Mapping[str, Json] | None = None,
        context: Mapping[str, Json] | None = None,
        labels: Iterable[str] | None = None,
        run_config: Json = None,
        scheduled_start_time: datetime | None = None,
        auto_scheduled: bool = False,
        idempotency_key: str | None = None,
        state: Mapping[str, Json] | None = None,
        task_runs: bool = False,
    ) -> FlowRun:
        wanted = None if labels is None else list(labels)
        return self.database.run(
            lambda c: flow_runs.create(
                c,
                flow_id,
                id=id,
                name=name,
                parameters=parameters,
                context=context,
                labels=wanted,
                run_config=run_config,
                scheduled_start_time=scheduled_start_time,
                auto_scheduled=auto_scheduled,
                idempotency_key=idempotency_key,
                state=state,
                with_task_runs=task_runs,
            )
        )

    def get_flow_run(self, flow_run_id: str) -> FlowRun:
        with self.database.read() as c:
            return flow_runs.get(c, flow_run_id)

    def list_flow_runs(
        self,
        *,
        flow_id: str | None = None,
        states: Sequence[str] | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> Page[FlowRun]:
        with self.database.read() as c:
            return flow_runs.listed(c, flow_id, states, after, limit)

    def ready_flow_runs(
        self, *, before: datetime, labels: Iterable[str] = (), limit: int = 100
    ) -> list[str]:
        with self.database.read() as c:
            return flow_runs.ready(c, before, labels, limit)

    def set_flow_run_name(self, flow_run_id: str, name: str) -> None:
        self.database.run(lambda c: flow_runs.change(c, flow_run_id, name=name))

    def beat(self, flow_run_id: str) -> None:
        self.database.run(lambda c: flow_runs.beat(c, flow_run_id))

    def delete_flow_run(self, flow_run_id: str) -> None:
        self.database.run(lambda c: flow_runs.remove(c, flow_run_id))

    # Task runs

    def get_or_create_task_run(
        self,
        flow_run_id: str,
        *,
        task_id: str | None = None,
        task_slug: str | None = None,
        map_index: int = -1,
    ) -> TaskRun:
        with self.database.read() as c:
            found_id = task_runs.resolve_task(c, flow_run_id, task_id, task_slug)
            found = task_runs.find_by_id(c, flow_run_id, found_id, map_index)
        if found is not None:
            return found
        return self.database.run(
            lambda c: task_runs.get_or_create(c, flow_run_id, found_id, map_index)
        )

    def create_task_runs(self, flow_run_id: str, runs: Sequence[NewTaskRun]) -> list[Outcome]:
        return self.database.run(lambda c: task_runs.create(c, flow_run_id, runs))

    def get_task_run(self, task_run_id: str) -> TaskRun:
        with self.database.read() as c:
            return task_runs.get(c, task_run_id)

    def find_task_run(
        self, flow_run_id: str, task_slug: str, map_index: int = -1
    ) -> TaskRun | None:
        with self.database.read() as c:
            return task_runs.find(c, flow_run_id, task_slug, map_index)

    def list_task_runs(
        self,
        flow_run_id: str,
        *,
        task_slug: str | None = None,
        children: bool | None = None,
        states: Sequence[str] | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> Page[TaskRun]:
        with self.database.read() as c:
            return task_runs.listed(c, flow_run_id, task_slug, children, states, after, limit)

    def count_task_runs(self, flow_run_id: str, task_slug: str | None = None) -> dict[str, int]:
        with self.database.read() as c:
            return task_runs.counted(c, flow_run_id, task_slug)

    def find_cached_task_runs(
        self,
        *,
        since: datetime,
        task_id: str | None = None,
        cache_key: str | None = None,
        limit: int = 100,
    ) -> list[TaskRun]:
        with self.database.read() as c:
            return task_runs.cached(c, since, task_id, cache_key, limit)

    def set_task_run_name(self, task_run_id: str, name: str) -> None:
        self.database.run(lambda c: task_runs.rename(c, task_run_id, name))

    # States

    def set_flow_run_states(
        self, new_states: Sequence[NewState], *, on_conflict: OnConflict = "raise"
    ) -> list[Outcome]:
        return self.database.run(
            lambda c: states.set_states(c, states.FLOW_RUN, new_states, on_conflict)
        )

    def set_task_run_states(
        self, new_states: Sequence[NewState], *, on_conflict: OnConflict = "raise"
    ) -> list[Outcome]:
        return self.database.run(
            lambda c: states.set_states(c, states.TASK_RUN, new_states, on_conflict)
        )

    def flow_run_states(self, flow_run_id: str) -> list[RunState]:
        with self.database.read() as c:
            return states.history(c, states.FLOW_RUN, flow_run_id)

    def task_run_states(self, task_run_id: str) -> list[RunState]:
        with self.database.read() as c:
            return states.history(c, states.TASK_RUN, task_run_id)

    # Logs

    def write_logs(self, new_logs: Sequence[NewLog]) -> None:
        self.database.run(lambda c: logs.write(c, new_logs))

    def list_logs(
        self,
        flow_run_id: str,
        *,
        task_run_id: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        levels: Sequence[str] | None = None,
        after: str | None = None,
        limit: int = 1000,
    ) -> Page[LogEntry]:
        with self.database.read() as c:
            return logs.listed(c, flow_run_id, task_run_id, since, until, levels, after, limit)

    # Key-value pairs

    def set_key_value(self, key: str, value: Json) -> str:
        return self.database.run(lambda c: projects.set_key_value(c, key, value))

    def get_key_value(self, key: str) -> Json:
        with self.database.read() as c:
            return projects.get_key_value(c, key)

    def delete_key(self, key: str) -> None:
        self.database.run(lambda c: projects.delete_key(c, key))

    def list_keys(self) -> list[str]:
        with self.database.read() as c:
            return projects.keys(c)
