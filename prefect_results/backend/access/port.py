"""The port: what views and composing tasks ask of recorded runs, and change in them.

What belongs here: signatures, meaning, errors. What does not: where runs are recorded; `stored`
reads a run store, `remote` an API.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from datetime import datetime

from prefect_results.backend.access.records import (
    AgentData,
    FlowData,
    FlowRunData,
    Json,
    LogData,
    TaskRunData,
    TenantData,
)


class RunAccess(ABC):
    """Recorded runs, in one place.

    May be used by many threads at once, and is pickled as its address. What is not there is None
    or an empty list; errors of the place itself are `StoreError` or `ClientError`. An id that is
    not a UUID is one that does not exist.
    """

    is_embedded: bool = False
    """Whether runs are in a store that this process opens itself, so that no server runs them."""

    @property
    @abstractmethod
    def address(self) -> str:
        """Where it is, for people: a URL without a password."""

    # Flows

    @abstractmethod
    def flow(self, flow_id: str) -> FlowData | None:
        """Return a flow version."""

    @abstractmethod
    def newest_flow(self, flow_group_id: str) -> FlowData | None:
        """Return the version of a flow group that was created last."""

    @abstractmethod
    def named_flows(self, name: str, project_name: str | None = "") -> list[FlowData]:
        """Return the unarchived flow versions of a name, the newest first.

        Args:
            name: Name of the flow.
            project_name: Only flows of this project; `""` means any, None flows without one.
        """

    @abstractmethod
    def flow_names(self) -> list[str]:
        """Return the names of all flows that are not archived, sorted."""

    # Flow runs

    @abstractmethod
    def flow_run(self, flow_run_id: str) -> FlowRunData | None:
        """Return a flow run."""

    @abstractmethod
    def flow_run_state(self, flow_run_id: str) -> Json:
        """Return the state of a flow run in its wire form; cheaper than `flow_run`.

        Returns:
            The wire form; None if the run has no state, or there is no such run.
        """

    @abstractmethod
    def logs(
        self, flow_run_id: str, since: datetime | None, until: datetime | None
    ) -> list[LogData]:
        """Return a flow run's log after `since` and up to `until`, oldest first."""

    @abstractmethod
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
        """Schedule a run of a flow version and return its id; one with the same key only once.

        Args:
            flow_id: The flow version.
            parameters: Values of its parameters.
            context: What its context is updated with.
            labels: Labels that an agent must have to run it; by default those of the flow.
            name: What people call it; made up by default.
            run_config: A run configuration in its wire form; the flow's by default.
            scheduled_start_time: When it should start, timezone-aware; by default now.
            idempotency_key: Creating a run of the flow with the same key returns the one there is.
        """

    @abstractmethod
    def set_flow_run_state(self, flow_run_id: str, state: Json, version: int | None = None) -> bool:
        """Set the state of a flow run.

        Args:
            flow_run_id: The flow run.
            state: The state in its wire form.
            version: The version that the run must still have; None for any.

        Returns:
            Whether it was set; False if the run had another version by then.
        """

    @abstractmethod
    def set_flow_run_name(self, flow_run_id: str, name: str) -> bool:
        """Rename a flow run; return whether that was done."""

    @abstractmethod
    def cancel_flow_run(self, flow_run_id: str) -> str:
        """Ask a flow run to end; return the name of its state's type afterwards."""

    # Task runs

    @abstractmethod
    def task_run(self, task_run_id: str) -> TaskRunData | None:
        """Return a task run."""

    @abstractmethod
    def find_task_run(self, flow_run_id: str, task_slug: str, map_index: int) -> TaskRunData | None:
        """Return the run of a task, named by slug, in a flow run."""

    @abstractmethod
    def children(
        self, flow_run_id: str, task_slug: str, after: int, limit: int
    ) -> list[TaskRunData]:
        """Return children of a mapped task, by map index.

        Args:
            flow_run_id: The flow run.
            task_slug: The mapped task.
            after: The map index before the first one wanted; -1 for the beginning.
            limit: How many at most; fewer come only at the end.
        """

    @abstractmethod
    def task_runs(
        self, flow_run_id: str, *, children: bool = True, without: Iterable[str] = ()
    ) -> list[TaskRunData]:
        """Return all task runs of a flow run.

        Args:
            flow_run_id: The flow run.
            children: Whether to return children of mapped tasks, too.
            without: Ids of task runs to leave out.
        """

    @abstractmethod
    def task_run_ids(self, flow_run_id: str) -> list[str]:
        """Return the ids of all task runs of a flow run."""

    @abstractmethod
    def task_slugs(self, flow_run_id: str) -> list[str]:
        """Return the slugs of the tasks of the flow that runs, sorted."""

    @abstractmethod
    def last_map_index(self, flow_run_id: str, task_slug: str) -> int | None:
        """Return the highest map index of a task's runs; -1 if not mapped, None without a run."""

    # Tenants, agents, key-value pairs, artifacts

    @abstractmethod
    def tenants(self) -> list[TenantData]:
        """Return all tenants, the one that is used first."""

    @abstractmethod
    def agents(self) -> list[AgentData]:
        """Return all agents."""

    @abstractmethod
    def set_key_value(self, key: str, value: Json) -> str:
        """Keep a JSON value under a key, in place of what was there; return the pair's id."""

    @abstractmethod
    def get_key_value(self, key: str) -> Json:
        """Return the value under a key.

        Raises:
            KeyError: There is none.
        """

    @abstractmethod
    def delete_key(self, key: str) -> bool:
        """Delete a key and its value; False if there was none."""

    @abstractmethod
    def list_keys(self) -> list[str]:
        """Return all keys, sorted."""

    @abstractmethod
    def create_artifact(self, task_run_id: str, kind: str, data: Json) -> str:
        """Keep something to show beside a task run; return its id."""

    @abstractmethod
    def update_artifact(self, artifact_id: str, data: Json) -> None:
        """Put other data in the place of an artifact's."""

    @abstractmethod
    def delete_artifact(self, artifact_id: str) -> None:
        """Delete an artifact."""

    # For people

    def page_of(self, kind: str, id: str) -> str:
        """Return where a person finds a run or a flow: a URL, or words with its id.

        Args:
            kind: `flow` or `flow-run`.
            id: Its id.
        """
        return f"{kind} {id} in {self.address}"
