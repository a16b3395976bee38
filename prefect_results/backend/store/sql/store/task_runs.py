"""The run store over SQLAlchemy: its methods on task runs. Docstrings are those of the port."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from prefect_results.backend.store.port.task_runs import TaskRuns
from prefect_results.backend.store.records import NewTaskRun, Outcome, Page, TaskRun
from prefect_results.backend.store.sql import task_runs
from prefect_results.backend.store.sql.database import Database


class SqlTaskRuns(TaskRuns):
    """Serves the port's methods on task runs."""

    database: Database

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
