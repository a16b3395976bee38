"""`CancelFlowRun`: a task that asks a flow run to end."""

from __future__ import annotations

from typing import Any

from prefect_results.backend.client import Client
from prefect_results.context import context
from prefect_results.core import Task, defaults_from_attrs


class CancelFlowRun(Task):
    """Asks a flow run to end (Prefect 1.4.1).

    Args:
        flow_run_id: Id of the flow run; the one that this task runs in by default.
        **kwargs: Options of the task.
    """

    def __init__(self, flow_run_id: str | None = None, **kwargs: Any) -> None:
        self.flow_run_id = flow_run_id
        super().__init__(**kwargs)

    @defaults_from_attrs("flow_run_id")
    def run(self, flow_run_id: str | None = None) -> str:
        """Ask the flow run to end.

        Args:
            flow_run_id: As for the class.

        Returns:
            The name of its state's type afterwards.

        Raises:
            ValueError: There is no id.
        """
        flow_run_id = flow_run_id or context.get("flow_run_id")
        if not flow_run_id:
            raise ValueError("Can't cancel a flow run without flow run ID.")
        return Client().cancel_flow_run(flow_run_id)
