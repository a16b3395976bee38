"""What every run store can do with task runs. The contract is here and nowhere else."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime

from prefect_results.backend.store.records import NewTaskRun, Outcome, Page, TaskRun


class TaskRuns(ABC):
    """Part of the port `RunStore`: task runs."""

    @abstractmethod
    def get_or_create_task_run(
        self,
        flow_run_id: str,
        *,
        task_id: str | None = None,
        task_slug: str | None = None,
        map_index: int = -1,
    ) -> TaskRun:
        """Return the run of a task, named by id or slug, in a flow run; create it if need be.

        Callers at the same time get the same task run. A new one has version 0 and no state.

        Raises:
            RecordNotFound: No such flow run, or the flow that runs has no such task.
            ValueError: Not exactly one of `task_id` and `task_slug` was given.
        """

    @abstractmethod
    def create_task_runs(self, flow_run_id: str, runs: Sequence[NewTaskRun]) -> list[Outcome]:
        """Create many task runs of one flow run, with the states that they had already.

        Returns:
            One outcome for each, in order. `applied` is False where the task run was there before;
            it is left as it is, and `run_id` and `version` are those of the one that is there.

        Raises:
            RecordNotFound: No such flow run, or the flow that runs has no such task.
            RecordExists: An id is taken by another task run.
        """

    @abstractmethod
    def get_task_run(self, task_run_id: str) -> TaskRun:
        """Return a task run by id."""

    @abstractmethod
    def find_task_run(
        self, flow_run_id: str, task_slug: str, map_index: int = -1
    ) -> TaskRun | None:
        """Return the run of a task, named by slug, in a flow run, or None."""

    @abstractmethod
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
        """Return a page of the task runs of a flow run, by task and then by map index.

        Args:
            flow_run_id: The flow run.
            task_slug: Only runs of this task.
            children: True for children of mapped tasks only, False for the others only.
            states: Only runs whose state has one of these types.
            after: `next` of the page before.
            limit: Items on a page, at least 1.
        """

    @abstractmethod
    def count_task_runs(self, flow_run_id: str, task_slug: str | None = None) -> dict[str, int]:
        """Return how many task runs of a flow run are in each type of state.

        Those that have no state yet are counted under an empty name.
        """

    @abstractmethod
    def find_cached_task_runs(
        self,
        *,
        since: datetime,
        task_id: str | None = None,
        cache_key: str | None = None,
        limit: int = 100,
    ) -> list[TaskRun]:
        """Return task runs in a Cached state entered at or after `since`, the newest first.

        Args:
            since: A timezone-aware moment.
            task_id: Only runs of this task; ignored when `cache_key` is given.
            cache_key: Only runs of tasks with this cache key, in any flow.
            limit: How many at most.
        """

    @abstractmethod
    def set_task_run_name(self, task_run_id: str, name: str) -> None:
        """Rename a task run."""
