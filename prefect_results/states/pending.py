"""States of a run that has not started: `Pending` and the scheduled ones.

Not here: states that wrap another one, even when those wait too (module `meta`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect_results.context import context as ambient
from prefect_results.states.base import State
from prefect_results.states.clock import instant, now

if TYPE_CHECKING:
    import datetime

    from prefect_results.results import Result


class Pending(State):
    """The run waits for its turn; where every run begins.

    Args:
        message: what a person is told about the state, or the exception that caused it.
        result: the value of the run, or its `Result`.
        cached_inputs: the inputs of a task that will run again, `Result` by name.
        context: facts about the run, JSON-compatible.
    """

    color = "#7ebdff"

    def __init__(
        self,
        message: Any = None,
        result: Any = None,
        cached_inputs: dict[str, Result] | None = None,
        context: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message, result, context, cached_inputs)

    def is_pending(self) -> bool:
        """Always true here."""
        return True


class Scheduled(Pending):
    """The run has a time to start.

    The ambient context's `task_run_count`, where there is one, is noted in the state's context.

    Args:
        message: what a person is told about the state, or the exception that caused it.
        result: the value of the run, or its `Result`.
        start_time: when to start, now by default; a naive datetime is taken as UTC.
        cached_inputs: the inputs of a task that will run again, `Result` by name.
        context: facts about the run, JSON-compatible.
    """

    color = "#ffab00"

    start_time: datetime.datetime | None

    def __init__(
        self,
        message: Any = None,
        result: Any = None,
        start_time: datetime.datetime | None = None,
        cached_inputs: dict[str, Result] | None = None,
        context: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message, result, cached_inputs, context)
        self.start_time = instant(start_time) if start_time else now()
        run_count = ambient.current().get("task_run_count")
        if run_count is not None:
            self.context = {**self.context, "task_run_count": run_count}

    def is_scheduled(self) -> bool:
        """Always true here."""
        return True


class Paused(Scheduled):
    """The run waits for somebody to resume it, or for a time.

    Args:
        message: what a person is told about the state, or the exception that caused it.
        result: the value of the run, or its `Result`.
        start_time: when to go on without being asked; None (the default) means never.
        cached_inputs: the inputs of a task that will run again, `Result` by name.
        context: facts about the run, JSON-compatible.
    """

    color = "#99a8e8"

    def __init__(
        self,
        message: Any = None,
        result: Any = None,
        start_time: datetime.datetime | None = None,
        cached_inputs: dict[str, Result] | None = None,
        context: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message, result, start_time, cached_inputs, context)
        if start_time is None:
            self.start_time = None


class Resume(Scheduled):
    """A paused run may go on."""

    color = "#f58c0c"


class Retrying(Scheduled):
    """The run failed and is tried again at `start_time`.

    Args:
        message: what a person is told about the state, or the exception that caused it.
        result: the value of the run, or its `Result`.
        start_time: when to try again, now by default; a naive datetime is taken as UTC.
        cached_inputs: the inputs of the next try, `Result` by name.
        context: facts about the run, JSON-compatible.
        run_count: how many tries there were; by default the ambient context's
            `task_run_count`, or 1.
    """

    color = "#f66a0a"

    run_count: int

    def __init__(
        self,
        message: Any = None,
        result: Any = None,
        start_time: datetime.datetime | None = None,
        cached_inputs: dict[str, Result] | None = None,
        context: dict[str, Any] | None = None,
        run_count: int | None = None,
    ) -> None:
        super().__init__(message, result, start_time, cached_inputs, context)
        self.run_count = (
            ambient.current().get("task_run_count", 1) if run_count is None else run_count
        )

    def is_retrying(self) -> bool:
        """Always true here."""
        return True
