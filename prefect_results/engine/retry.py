"""Steps after a run: try again, or loop."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from prefect_results.context import context as ambient
from prefect_results.states import Retrying
from prefect_results.states.clock import now

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

    from prefect_results.core import Task
    from prefect_results.results import Result
    from prefect_results.states import State


class RecursiveCall(Exception):
    """Asks the runner's `run` to start over with other arguments, without recursion.

    Args:
        func: the method to call again.
        *args: its positional arguments, the runner first.
        **kwargs: its keyword arguments.
    """

    def __init__(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        super().__init__(func, args, kwargs)
        self.func = func
        self.args = args
        self.kwargs = kwargs


def retry_state(
    state: State,
    task: Task,
    keep: Callable[[Any], Result],
    logger: logging.Logger,
    name: str,
) -> State:
    """Turn a failed state into `Retrying` while the task has attempts left.

    Args:
        state: the state after the run.
        task: says how often (`max_retries`), when (`retry_delay`) and on what (`retry_on`).
        keep: makes the Result of a value; a looping task's retry needs its last loop's value.
        logger: the runner's logger.
        name: full name of the task run.

    Returns:
        `Retrying`, or the given state.
    """
    if not state.is_failed():
        return state
    error = state.result
    if task.retry_on and error is not None and not isinstance(error, tuple(task.retry_on)):
        logger.info(
            f"Task '{name}': Skipping retry. Exception of type {type(error).__name__!r} is not an "
            "instance of the retry on exception types."
        )
        return state
    run_count = ambient.get("task_run_count", 1)
    loop_count = ambient.get("task_loop_count")
    loop_result = None if loop_count is None else keep(ambient.get("task_loop_result"))
    if run_count > task.max_retries:
        return state
    delay = task.retry_delay or datetime.timedelta()
    return Retrying(
        message=f"Retrying Task (after attempt {run_count} of {task.max_retries + 1})",
        start_time=now() + delay,
        run_count=run_count,
        result=loop_result,
        context=None if loop_count is None else {"_loop_count": loop_count},
    )
