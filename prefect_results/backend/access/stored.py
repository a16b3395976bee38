"""Access to the runs of a run store that this process opens itself.

What belongs here: calls of `RunStore`, and records made of what it returns. What does not: SQL,
except for agents and artifacts, which the port of the store has no methods for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from prefect_results.backend.access.port import RunAccess
from prefect_results.backend.access.records import (
    AgentData,
    FlowData,
    FlowRunData,
    Json,
    LogData,
    StateData,
    TaskRunData,
    TenantData,
)
from prefect_results.backend.store import Flow, NewState, RunStore, TaskRun
from prefect_results.exceptions import RecordNotFound, VersionConflict

_PAGE = 1000


class StoredRuns(RunAccess):
    """The runs of a run store.

    Args:
        store: The store; it is not closed.
    """

    is_embedded = True

    def __init__(self, store: RunStore) -> None:
        self.store = store

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.address!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        from prefect_results.backend.access.opening import open_access

        return open_access, (self.store.url,)

    @property
    def address(self) -> str:
        scheme, _, rest = self.store.url.partition("://")
        return f"{scheme}://{rest.rpartition('@')[2]}"

    # Flows

    def flow(self, flow_id: str) -> FlowData | None:
        try:
            return self._described(self.store.get_flow(flow_id))
        except RecordNotFound:
            return None

    def newest_flow(self, flow_group_id: str) -> FlowData | None:
        found = self.store.list_flows(flow_group_id=flow_group_id)
        return self._described(found[0]) if found else None

    def named_flows(self, name: str, project_name: str | None = "") -> list[FlowData]:
        if project_name is None:
            return []
        project_id = None
        if project_name:
            project = self.store.find_project(project_name)
            if project is None:
                return []
            project_id = project.id
        found = self.store.list_flows(name=name, project_id=project_id, archived=False)
        return [self._described(flow) for flow in found]

    def flow_names(self) -> list[str]:
        return sorted({flow.name for flow in self.store.list_flows(archived=False)})

    def _described(self, flow: Flow) -> FlowData:
        group = self.store.get_flow_group(flow.flow_group_id)
        return FlowData(
            id=flow.id,
            name=flow.name,
            flow_group_id=flow.flow_group_id,
            project_name=self.store.get_project(flow.project_id).name,
            version=flow.version,
            archived=flow.archived,
            core_version=flow.core_version,
            settings=flow.settings,
            run_config=flow.run_config,
            storage=flow.storage,
            serialized_flow=flow.serialized_flow,
            group_labels=group.labels,
        )

    # Flow runs

    def flow_run(self, flow_run_id: str) -> FlowRunData | None:
        try:
            run = self.store.get_flow_run(flow_run_id)
        except RecordNotFound:
            return None
        states = self.store.flow_run_states(flow_run_id)
        return FlowRunData(
            id=run.id,
            name=run.name,
            flow_id=run.flow_id,
            version=run.version,
            labels=run.labels,
            parameters=run.parameters,
            context=run.context,
            run_config=run.run_config,
            updated=run.updated,
            serialized_state=run.serialized_state,
            states=tuple(
                StateData(timestamp=state.timestamp, serialized_state=state.serialized_state)
                for state in states
            ),
        )

    def flow_run_state(self, flow_run_id: str) -> Json:
        try:
            return self.store.get_flow_run(flow_run_id).serialized_state
        except RecordNotFound:
            return None

    def logs(
        self, flow_run_id: str, since: datetime | None, until: datetime | None
    ) -> list[LogData]:
        lines: list[LogData] = []
        after: str | None = None
        while True:
            page = self.store.list_logs(
                flow_run_id, since=since, until=until, after=after, limit=_PAGE
            )
            lines += [
                LogData(timestamp=line.timestamp, level=line.level, message=line.message)
                for line in page.items
            ]
            after = page.next
            if after is None:
                return lines

    def create_flow_run(
        self,
        flow_id: str,
        *,
        parameters: Mapping[str, Json] | None = None,
        context: Mapping[str, Json] | None = None,
        labels: Iterable[str] | None = None,
        name: str | None = None,
        run_config: Json = None,
        scheduled_start_time: datetime | None = None,
        idempotency_key: str | None = None,
    ) -> str:
        return self.store.create_flow_run(
            flow_id,
            name=name,
            parameters=parameters,
            context=context,
            labels=labels,
            run_config=run_config,
            scheduled_start_time=scheduled_start_time,
            idempotency_key=idempotency_key,
        ).id

    def set_flow_run_state(self, flow_run_id: str, state: Json, version: int | None = None) -> bool:
        try:
            self.store.set_flow_run_states([NewState(flow_run_id, state, version)])
        except VersionConflict:
            return False
        return True

    def set_flow_run_name(self, flow_run_id: str, name: str) -> bool:
        self.store.set_flow_run_name(flow_run_id, name)
        return True

    def cancel_flow_run(self, flow_run_id: str) -> str:
        from prefect_results.states import Cancelled, Cancelling

        while True:
            run = self.store.get_flow_run(flow_run_id)
            if run.end_time is not None:
                return str(run.state)
            under_way = run.state in ("Running", "Submitted")
            state = (
                Cancelling("Flow run is cancelling")
                if under_way
                else Cancelled("Flow run is cancelled")
            )
            if self.set_flow_run_state(flow_run_id, state.serialize(), run.version):
                return type(state).__name__

    # Task runs

    def task_run(self, task_run_id: str) -> TaskRunData | None:
        try:
            return _shown(self.store.get_task_run(task_run_id))
        except RecordNotFound:
            return None

    def find_task_run(self, flow_run_id: str, task_slug: str, map_index: int) -> TaskRunData | None:
        found = self.store.find_task_run(flow_run_id, task_slug, map_index)
        return None if found is None else _shown(found)

    def children(
        self, flow_run_id: str, task_slug: str, after: int, limit: int
    ) -> list[TaskRunData]:
        page = self.store.list_task_runs(
            flow_run_id,
            task_slug=task_slug,
            children=True,
            # What `Page.next` is made of; the task is given by its slug.
            after=None if after < 0 else f"/{after}",
            limit=limit,
        )
        return [_shown(run) for run in page.items]

    def task_runs(
        self, flow_run_id: str, *, children: bool = True, without: Iterable[str] = ()
    ) -> list[TaskRunData]:
        skipped = set(without)
        runs = self._all(flow_run_id, None if children else False)
        return [_shown(run) for run in runs if run.id not in skipped]

    def task_run_ids(self, flow_run_id: str) -> list[str]:
        return [run.id for run in self._all(flow_run_id, None)]

    def _all(self, flow_run_id: str, children: bool | None) -> list[TaskRun]:
        runs: list[TaskRun] = []
        after: str | None = None
        while True:
            page = self.store.list_task_runs(
                flow_run_id, children=children, after=after, limit=_PAGE
            )
            runs += page.items
            after = page.next
            if after is None:
                return runs

    def task_slugs(self, flow_run_id: str) -> list[str]:
        try:
            run = self.store.get_flow_run(flow_run_id)
        except RecordNotFound:
            return []
        return sorted(task.slug for task in self.store.list_tasks(run.flow_id))

    def last_map_index(self, flow_run_id: str, task_slug: str) -> int | None:
        # Map indexes have no gaps.
        count = sum(self.store.count_task_runs(flow_run_id, task_slug).values())
        if self.store.find_task_run(flow_run_id, task_slug) is not None:
            count -= 1
        elif count == 0:
            return None
        return count - 1

    # Tenants, agents, key-value pairs, artifacts

    def tenants(self) -> list[TenantData]:
        from prefect_results.backend.access import tables

        return tables.tenants(self.store)

    def agents(self) -> list[AgentData]:
        from prefect_results.backend.access import tables

        return tables.agents(self.store)

    def set_key_value(self, key: str, value: Json) -> str:
        return self.store.set_key_value(key, value)

    def get_key_value(self, key: str) -> Json:
        try:
            return self.store.get_key_value(key)
        except RecordNotFound as exc:
            raise KeyError(key) from exc

    def delete_key(self, key: str) -> bool:
        try:
            self.store.delete_key(key)
        except RecordNotFound:
            return False
        return True

    def list_keys(self) -> list[str]:
        return self.store.list_keys()

    def create_artifact(self, task_run_id: str, kind: str, data: Json) -> str:
        from prefect_results.backend.access import tables

        self.store.get_task_run(task_run_id)
        return tables.create_artifact(self.store, task_run_id, kind, data)

    def update_artifact(self, artifact_id: str, data: Json) -> None:
        from prefect_results.backend.access import tables

        tables.update_artifact(self.store, artifact_id, data)

    def delete_artifact(self, artifact_id: str) -> None:
        from prefect_results.backend.access import tables

        tables.delete_artifact(self.store, artifact_id)


def _shown(run: TaskRun) -> TaskRunData:
    return TaskRunData(
        id=run.id,
        name=run.name,
        flow_run_id=run.flow_run_id,
        task_id=run.task_id,
        task_slug=run.task_slug,
        map_index=run.map_index,
        serialized_state=run.serialized_state,
    )
