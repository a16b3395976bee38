"""The port: what every run store can do. The contract is here and nowhere else.

What belongs here: signatures, meaning, errors. What does not: SQL (`sql`) and the records' fields
(`records`). Names of fields and the rules of registration come from Prefect Server as Prefect
1.4.1's client sees it; versions of states are always honoured, there as a setting of the flow.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Literal

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

OnConflict = Literal["raise", "skip"]


class RunStore(ABC):
    """Projects, flows, runs, their states and logs, and key-value pairs, kept in one place.

    A store may be used by many threads and processes at once, survives a fork, and is pickled as
    its URL. Every method is one transaction: all of it is kept or nothing; `transaction()` makes
    one of several calls. What is written by one call is seen by the next, in any process.

    Every method may raise `StoreUnavailable` when the database cannot be reached or stays locked,
    and `StoreSchemaError` when it was made by a newer release. A method that takes an id raises
    `RecordNotFound` when there is no such record, except where it returns None; an id that is not
    a UUID is one that does not exist.
    """

    url: str
    """Where it is, as `open_store` takes it; a password is in it."""

    @abstractmethod
    def transaction(self) -> AbstractContextManager[None]:
        """Make one transaction of all calls that this thread makes inside the block.

        An exception that leaves the block undoes all of them. Blocks may be nested; the outermost
        one commits.
        """

    @abstractmethod
    def close(self) -> None:
        """Release connections; the store opens new ones when it is used again."""

    # Projects

    @abstractmethod
    def create_project(self, name: str, description: str | None = None) -> Project:
        """Create a project.

        Raises:
            RecordExists: There is one of that name.
        """

    @abstractmethod
    def ensure_project(self, name: str) -> Project:
        """Return the project of a name, created if need be; callers at the same time get the same.

        Args:
            name: The name of the project.
        """

    @abstractmethod
    def get_project(self, project_id: str) -> Project:
        """Return a project by id."""

    @abstractmethod
    def find_project(self, name: str) -> Project | None:
        """Return a project by name, or None."""

    @abstractmethod
    def list_projects(self) -> list[Project]:
        """Return all projects, by name."""

    @abstractmethod
    def delete_project(self, project_id: str) -> None:
        """Delete a project with its flows and all their runs."""

    # Flows

    @abstractmethod
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
        """Register a version of a flow and archive the versions before it.

        Args:
            project_id: The project it belongs to.
            serialized_flow: What `Flow.serialize()` gives; its `tasks` and `edges` become rows.
            version_group_id: Whose next version it is; by default that of the flow of this name in
                this project, or a new group.
            idempotency_key: Registering again with the key of the newest version returns that
                version and changes nothing.
            core_version: Version of the library that serialized it.
            settings: Switches of the flow, by default `heartbeat_enabled` and
                `version_locking_enabled` on, `lazarus_enabled` off.

        Raises:
            RecordNotFound: No such project.
            ValueError: The flow has no name, or an edge names a task that is not there.
        """

    @abstractmethod
    def add_tasks(self, flow_id: str, serialized_tasks: Iterable[Mapping[str, Json]]) -> None:
        """Add tasks in their wire form to a flow; those whose slug it has are left as they are."""

    @abstractmethod
    def add_edges(self, flow_id: str, serialized_edges: Iterable[Mapping[str, Json]]) -> None:
        """Add edges in their wire form to a flow; those that it has are not added twice.

        Raises:
            ValueError: An edge names a task that the flow does not have.
        """

    @abstractmethod
    def get_flow(self, flow_id: str) -> Flow:
        """Return a flow version by id."""

    @abstractmethod
    def get_flow_group(self, flow_group_id: str) -> FlowGroup:
        """Return the group of a flow's versions by id."""

    @abstractmethod
    def list_flows(
        self,
        *,
        name: str | None = None,
        project_id: str | None = None,
        flow_group_id: str | None = None,
        archived: bool | None = None,
        schedule_active: bool | None = None,
    ) -> list[Flow]:
        """Return flow versions that fit all arguments given, the newest first."""

    @abstractmethod
    def archive_flow(self, flow_id: str, archived: bool = True) -> None:
        """Archive a flow version, or take it back."""

    @abstractmethod
    def set_schedule_active(self, flow_id: str, active: bool = True) -> None:
        """Switch the schedule of a flow version on or off."""

    @abstractmethod
    def delete_flow(self, flow_id: str) -> None:
        """Delete a flow version with its tasks, edges and runs."""

    @abstractmethod
    def list_tasks(self, flow_id: str) -> list[Task]:
        """Return the tasks of a flow version, by slug."""

    @abstractmethod
    def list_edges(self, flow_id: str) -> list[Edge]:
        """Return the edges of a flow version."""

    # Flow runs

    @abstractmethod
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
        """Create a run of a flow version.

        Args:
            flow_id: The flow version.
            id: The id it gets, from `new_id()`; by default a new one.
            name: What people call it; by default something like `amber-otter`.
            parameters: Values of its parameters, as JSON.
            context: What its context is updated with, as JSON.
            labels: Labels that an agent must have to run it; by default those of the flow group,
                else of the run configuration, else of the flow's.
            run_config: A run configuration in its wire form; by default the flow's.
            scheduled_start_time: When it should start, timezone-aware; by default now.
            auto_scheduled: Whether a schedule created it.
            idempotency_key: Creating a run of the same flow with the same key again returns the
                run that is there, as it is now.
            state: Its first state in its wire form; by default Scheduled for its start time.
            task_runs: Whether every task of the flow gets a task run with a Pending state at once,
                as runners of Prefect 1.4.1 expect.

        Raises:
            RecordNotFound: No such flow.
            RecordExists: There is a run with this `id`.
        """

    @abstractmethod
    def get_flow_run(self, flow_run_id: str) -> FlowRun:
        """Return a flow run by id."""

    @abstractmethod
    def list_flow_runs(
        self,
        *,
        flow_id: str | None = None,
        states: Sequence[str] | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> Page[FlowRun]:
        """Return a page of flow runs, the newest first.

        Args:
            flow_id: Only runs of this flow version.
            states: Only runs whose state has one of these types.
            after: `next` of the page before.
            limit: Items on a page, at least 1.
        """

    @abstractmethod
    def ready_flow_runs(
        self, *, before: datetime, labels: Iterable[str] = (), limit: int = 100
    ) -> list[str]:
        """Return ids of flow runs that an agent may start, the one that is due longest first.

        A run is ready when it is Scheduled for a time up to `before`, or Running with a task run
        that is scheduled so, and the agent has all of its labels. An agent without labels gets
        runs without labels only (Prefect Server).
        """

    @abstractmethod
    def set_flow_run_name(self, flow_run_id: str, name: str) -> None:
        """Rename a flow run."""

    @abstractmethod
    def beat(self, flow_run_id: str) -> None:
        """Note that a flow run's process is alive now (its `heartbeat`)."""

    @abstractmethod
    def delete_flow_run(self, flow_run_id: str) -> None:
        """Delete a flow run with its task runs, states and logs."""

    # Task runs

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

    # States

    @abstractmethod
    def set_flow_run_states(
        self, new_states: Sequence[NewState], *, on_conflict: OnConflict = "raise"
    ) -> list[Outcome]:
        """Set states on flow runs; see `set_task_run_states`."""

    @abstractmethod
    def set_task_run_states(
        self, new_states: Sequence[NewState], *, on_conflict: OnConflict = "raise"
    ) -> list[Outcome]:
        """Set states on task runs, in order, in one transaction.

        A state is set only if its run still has the version that the writer expects, so a late
        writer cannot overwrite a newer state. Each state set counts the version up by one and is
        kept in the history.

        Args:
            new_states: What to set; several for one run follow each other.
            on_conflict: `raise` sets nothing at all when one version is not as expected; `skip`
                sets the others and reports those that were not set.

        Returns:
            One outcome for each state, in order.

        Raises:
            RecordNotFound: No such run.
            VersionConflict: A version was not as expected; its `outcomes` tell which.
            ValueError: A state has no `type`, or a moment has no timezone.
        """

    @abstractmethod
    def flow_run_states(self, flow_run_id: str) -> list[RunState]:
        """Return the history of a flow run's states, oldest first."""

    @abstractmethod
    def task_run_states(self, task_run_id: str) -> list[RunState]:
        """Return the history of a task run's states, oldest first."""

    # Logs

    @abstractmethod
    def write_logs(self, new_logs: Sequence[NewLog]) -> None:
        """Add lines to the logs of runs.

        Raises:
            RecordNotFound: No such flow run or task run; nothing is written.
        """

    @abstractmethod
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
        """Return a page of a flow run's log, oldest first.

        Args:
            flow_run_id: The flow run.
            task_run_id: Only lines of this task run.
            since: Only lines after this moment, without it.
            until: Only lines up to this moment.
            levels: Only lines of these levels.
            after: `next` of the page before.
            limit: Lines on a page, at least 1.
        """

    # Key-value pairs

    @abstractmethod
    def set_key_value(self, key: str, value: Json) -> str:
        """Keep a JSON value under a key, in place of what was there; return the pair's id."""

    @abstractmethod
    def get_key_value(self, key: str) -> Json:
        """Return the value under a key.

        Raises:
            RecordNotFound: There is none.
        """

    @abstractmethod
    def delete_key(self, key: str) -> None:
        """Delete a key and its value.

        Raises:
            RecordNotFound: There is none.
        """

    @abstractmethod
    def list_keys(self) -> list[str]:
        """Return all keys, sorted."""
