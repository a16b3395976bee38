"""What every run store can do with flow versions: their contract is here and nowhere else."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping

from prefect_results.backend.store.records import Edge, Flow, FlowGroup, Json, Task


class Flows(ABC):
    """Part of the port `RunStore`: flow versions, their tasks and edges."""

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
