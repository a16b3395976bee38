"""The run store over SQLAlchemy: its methods on flow runs. Docstrings are those of the port."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from prefect_results.backend.store.port.flow_runs import FlowRuns
from prefect_results.backend.store.records import FlowRun, Json, Page
from prefect_results.backend.store.sql import flow_runs
from prefect_results.backend.store.sql.database import Database


class SqlFlowRuns(FlowRuns):
    """Serves the port's methods on flow runs."""

    database: Database

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
