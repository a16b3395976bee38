"""What is recorded of flows and their runs, as immutable objects.

What belongs here: views with the constructors and methods of Prefect 1.4.1, and loading results.
What does not: where runs are recorded (`access`).
"""

from prefect_results.backend.views.flow import FlowView
from prefect_results.backend.views.flow_run import FlowRunView
from prefect_results.backend.views.logs import FlowRunLog
from prefect_results.backend.views.task_run import TaskRunView
from prefect_results.backend.views.tenant import TenantView
from prefect_results.backend.views.watching import (
    check_for_compatible_agents,
    stream_flow_run_logs,
    watch_flow_run,
)

__all__ = [
    "FlowView",
    "FlowRunView",
    "FlowRunLog",
    "TaskRunView",
    "TenantView",
    "watch_flow_run",
    "stream_flow_run_logs",
    "check_for_compatible_agents",
]
