"""What every run store can do with flow runs. The contract is here and nowhere else."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from prefect_results.backend.store.records import FlowRun, Json, Page


class FlowRuns(ABC):
    """Part of the port `RunStore`: flow runs."""

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
