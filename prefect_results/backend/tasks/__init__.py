"""Tasks that create, await and read the runs of other flows.

What belongs here: the tasks of `prefect.tasks.prefect` in Prefect 1.4.1. They are here and not in
`tasks`, as they need what records runs. What does not: the views and the client that they use.
"""

from prefect_results.backend.tasks.flow_run import (
    StartFlowRun,
    create_flow_run,
    get_task_run_result,
    wait_for_flow_run,
)
from prefect_results.backend.tasks.flow_run_cancel import CancelFlowRun
from prefect_results.backend.tasks.flow_run_rename import RenameFlowRun

__all__ = [
    "CancelFlowRun",
    "RenameFlowRun",
    "StartFlowRun",
    "create_flow_run",
    "get_task_run_result",
    "wait_for_flow_run",
]
