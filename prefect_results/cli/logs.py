"""Lines of a flow run's log, as commands print them.

What belongs here: which lines there are, at once or as they come. What does not: printing them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from prefect_results.backend.views.watching import pause_after
from prefect_results.states import State

if TYPE_CHECKING:
    from prefect_results.backend.access import RunAccess

sleep: Callable[[float], None] = time.sleep
_LONGEST_PAUSE = 2.0
_LAST_LINES = 0.25
"""Seconds that the process of a flow run has for its last lines, once the run is finished."""


def logs(access: RunAccess, flow_run_id: str, since: datetime | None) -> Iterator[dict[str, Any]]:
    """Yield the lines there are, oldest first.

    Args:
        access: Where the flow run is recorded.
        flow_run_id: The flow run.
        since: Only lines after this moment.
    """
    for line in access.logs(flow_run_id, since, None):
        yield {"timestamp": line.timestamp, "level": line.level, "message": line.message or ""}


def followed_logs(
    access: RunAccess, flow_run_id: str, since: datetime | None
) -> Iterator[dict[str, Any]]:
    """Yield the lines there are and those that come, until the flow run is finished.

    Args:
        access: Where the flow run is recorded.
        flow_run_id: The flow run.
        since: Only lines after this moment.
    """
    quiet, is_over = 0.0, False
    while True:
        was_over, is_over = is_over, _is_finished(access, flow_run_id)
        for line in logs(access, flow_run_id, since):
            since, quiet = line["timestamp"], 0.0
            yield line
        if was_over:
            return
        pause = _LAST_LINES if is_over else pause_after(quiet, _LONGEST_PAUSE)
        sleep(pause)
        quiet += pause


def _is_finished(access: RunAccess, flow_run_id: str) -> bool:
    form = access.flow_run_state(flow_run_id)
    return form is not None and State.deserialize(form).is_finished()
