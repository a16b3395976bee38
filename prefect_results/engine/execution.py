"""The step that calls `Task.run`, and what becomes of what it raises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect_results.context import context as ambient
from prefect_results.engine.printing import redirected_to
from prefect_results.engine.timeouts import run_task_with_timeout
from prefect_results.exceptions import TaskTimeoutSignal
from prefect_results.executors.interrupts import interruptible
from prefect_results.logging import RedirectToLog
from prefect_results.signals import LOOP, SUCCESS
from prefect_results.states import Failed, Looped, Success, TimedOut

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Mapping

    from prefect_results.core import Task
    from prefect_results.results import Result
    from prefect_results.states import State

RUNNING_MESSAGE = "Starting task run."
SUCCESS_MESSAGE = "Task run succeeded."


def call(task: Task, values: Mapping[str, Any], logger: logging.Logger) -> Any:
    """Call `task.run(**values)`, within its time limit and with its prints sent to its log.

    Args:
        task: the task.
        values: arguments of `run` by name.
        logger: receives the task's standard output where it has `log_stdout`.

    Returns:
        What `run` returned.
    """
    if not task.log_stdout:
        if task.timeout is None:
            return interruptible(task.run)(**values)
        return run_task_with_timeout(task=task, kwargs=values, logger=logger)
    with redirected_to(RedirectToLog(logger)):
        return run_task_with_timeout(task=task, kwargs=values, logger=logger)


def run_state(
    task: Task,
    values: Mapping[str, Any],
    keep: Callable[[Any], Result],
    logger: logging.Logger,
    name: str,
) -> State:
    """Run the task and give the state that follows.

    Args:
        task: the task.
        values: arguments of `run` by name.
        keep: makes the Result of a value; the checkpoint.
        logger: the runner's logger.
        name: full name of the task run, for messages.

    Returns:
        `Success`, `Looped`, `TimedOut` or `Failed`.

    Raises:
        PrefectStateSignal: what the task raised, but for LOOP and SUCCESS.
        Exception: what the task raised, with `raise_on_exception` in the context.
    """
    try:
        value = call(task, values, logger)
    except BaseException as exc:
        return state_after(exc, keep, logger, name)
    return Success(SUCCESS_MESSAGE, result=keep(value))


def state_after(
    exc: BaseException, keep: Callable[[Any], Result], logger: logging.Logger, name: str
) -> State:
    """The state that follows from what a task raised; called while `exc` is handled.

    Args:
        exc: what `Task.run` raised.
        keep: makes the Result of a value; the checkpoint.
        logger: the runner's logger.
        name: full name of the task run, for messages.

    Returns:
        `Looped`, `Success`, `TimedOut` or `Failed`.

    Raises:
        BaseException: `exc` itself, if it is another signal, no `Exception` at all, or if
            `raise_on_exception` is in the context.
    """
    if isinstance(exc, (LOOP, SUCCESS)):
        state = exc.state
        if isinstance(state, Looped):
            state.message = state.message or f"Task is looping ({state.loop_count})"
        state.result = keep(state.result)
        return state
    if not isinstance(exc, (Exception, TaskTimeoutSignal)) or ambient.get("raise_on_exception"):
        raise exc
    if isinstance(exc, TaskTimeoutSignal):
        return TimedOut("Task timed out during execution.", result=exc)
    logger.error(f"Task {name!r}: Exception encountered during task execution!", exc_info=exc)
    return Failed(f"Error during execution of task: {exc!r}", result=exc)
