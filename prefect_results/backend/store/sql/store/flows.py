"""The run store over SQLAlchemy: its methods on flows. Docstrings are those of the port."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prefect_results.backend.store.port.flows import Flows
from prefect_results.backend.store.records import Edge, Flow, FlowGroup, Json, Task
from prefect_results.backend.store.sql import flows, graphs
from prefect_results.backend.store.sql.database import Database


class SqlFlows(Flows):
    """Serves the port's methods on flows."""

    database: Database

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
