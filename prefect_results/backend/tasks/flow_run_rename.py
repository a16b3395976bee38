"""`RenameFlowRun`: a task that gives a flow run another name."""

from __future__ import annotations

from typing import Any

from prefect_results.backend.client import Client
from prefect_results.context import context
from prefect_results.core import Task, defaults_from_attrs


class RenameFlowRun(Task):
    """Gives a flow run another name (Prefect 1.4.1).

    Args:
        flow_run_id: Id of the flow run; the one that this task runs in by default.
        flow_run_name: The name.
        **kwargs: Options of the task.
    """

    def __init__(
        self, flow_run_id: str | None = None, flow_run_name: str | None = None, **kwargs: Any
    ) -> None:
        self.flow_run_id = flow_run_id
        self.flow_run_name = flow_run_name
        super().__init__(**kwargs)

    @defaults_from_attrs("flow_run_id", "flow_run_name")
    def run(self, flow_run_id: str | None = None, flow_run_name: str | None = None) -> bool:
        """Rename the flow run; return whether that was done.

        Args:
            flow_run_id: As for the class.
            flow_run_name: As for the class.

        Raises:
            ValueError: There is no id, or no name.
        """
        flow_run_id = flow_run_id or context.get("flow_run_id")
        if not flow_run_id:
            raise ValueError(
                "`flow_run_id` must be explicitly provided or available in the context"
            )
        if flow_run_name is None:
            raise ValueError("Must provide a flow name.")
        return Client().set_flow_run_name(flow_run_id, flow_run_name)
