"""Words for the inside of ``with Flow(...)`` and of a ``run``: ``tags`` and ``pause_task``."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from prefect_results import signals
from prefect_results.context import context

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta


@contextmanager
def tags(*tags: str) -> Iterator[None]:
    """Add tags to the tasks that are created, copied or bound in this block.

    Args:
        tags: The tags; those of a block around this one are kept.
    """
    with context(tags={*tags, *context.get("tags", ())}):
        yield


def pause_task(message: str | None = None, duration: timedelta | None = None) -> None:
    """Pause the running task until somebody approves it; it then runs again as a whole.

    Args:
        message: What the Paused state says.
        duration: How long to wait at most; ten years by default.

    Raises:
        PAUSE: unless the task is being resumed.
    """
    if context.get("resume", False) is not False:
        return
    start_time = None
    if duration is not None:
        import pendulum

        start_time = pendulum.now("utc") + duration
    raise signals.PAUSE(
        message=message or "Pause signal raised during task execution.", start_time=start_time
    )
