"""Seeing to it that a flow run that is waited for is executed by somebody.

What belongs here: deciding that. What does not: the agent (`agent`).
"""

from __future__ import annotations

from prefect_results.backend.access import StoredRuns
from prefect_results.backend.agent import execute_soon
from prefect_results.backend.views import FlowRunView

_told: dict[str, object] = {}


def ensure_executed(flow_run: FlowRunView) -> None:
    """Have a flow run of the embedded store executed, if it is scheduled and for any agent.

    One with labels is left to an agent that has them. An agent of this process that was killed is
    replaced.

    Args:
        flow_run: The flow run as it is now.
    """
    access = flow_run._access
    if not isinstance(access, StoredRuns) or flow_run.labels or flow_run.state.is_finished():
        return
    companion = _told.get(flow_run.flow_run_id)
    if companion is not None and getattr(companion, "is_alive", False):
        return
    if companion is not None or flow_run.state.is_scheduled():
        _told[flow_run.flow_run_id] = execute_soon(access.store.url, flow_run.flow_run_id)
