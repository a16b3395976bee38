"""Which tasks are plain: those for whose runs most steps have nothing to decide.

Most task runs start `Pending`, after upstream tasks that all succeeded, for a task without
handlers or special trigger. How they are run is in `direct` and `bare`.
"""

from __future__ import annotations

from logging import DEBUG, Logger
from typing import TYPE_CHECKING, Any

from prefect_results.engine.child_states import States
from prefect_results.engine.isolation import is_computed_once
from prefect_results.engine.task_runner import TaskRunner
from prefect_results.executors.local import LocalExecutor
from prefect_results.results import Result
from prefect_results.states import Cached, Mapped, State, Success
from prefect_results.triggers import all_successful

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prefect_results.core import Task
    from prefect_results.executors.base import Executor

PLAIN = Result()


def is_plain(task: Task) -> bool:
    """Whether the steps around the run of `task` decide nothing, given ordinary states."""
    return (
        not task.state_handlers
        and task.task_run_name is None
        and task.trigger is all_successful
        and not is_computed_once(task)
    )


def is_possible(
    executor: Executor, runner_cls: type, handlers: Sequence[Any] | None, logger: Logger
) -> bool:
    """Whether the short way can be taken in a flow run.

    It is for task runs made at once in this process, by the library's own `TaskRunner`, that no
    handler watches; debug lines are written on the long way only.
    """
    return (
        type(executor).submit is LocalExecutor.submit
        and type(executor).wait is LocalExecutor.wait
        and runner_cls is TaskRunner
        and not handlers
        and not logger.isEnabledFor(DEBUG)
    )


def value_is_here(state: State) -> bool:
    """Whether an upstream state is an ordinary success whose value can be used as it is."""
    kind = type(state)
    if kind is Success or kind is Cached:
        return not state._result.serialized
    if kind is Mapped and isinstance(state, Mapped):
        children: Sequence[State] = state.map_states
        if isinstance(children, States) and children.plain_values() is not None:
            return True
        return all(child is not None and value_is_here(child) for child in children)
    return False
