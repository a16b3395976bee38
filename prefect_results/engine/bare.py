"""The shortest way of a task run: one that is nothing but the call of `Task.run`.

Nobody logs or listens, and nothing is looked up, written or timed. The outcome is the one of
`direct.DirectTask`.
"""

from __future__ import annotations

from logging import INFO, Logger
from typing import TYPE_CHECKING, Any

from prefect_results.context import context as ambient
from prefect_results.engine.checkpoint import configured
from prefect_results.engine.execution import SUCCESS_MESSAGE
from prefect_results.engine.listening import LISTENER
from prefect_results.engine.plain import PLAIN
from prefect_results.engine.task_runner import TaskRunner
from prefect_results.executors.interrupts import interruptible, threads
from prefect_results.states import State, Success
from prefect_results.triggers import all_successful

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from prefect_results.core import Edge, Flow, Task


def is_bare(task: Task) -> bool:
    """Whether a run of `task` is nothing but a call, given ordinary states and a bare flow run."""
    return (
        not task.state_handlers
        and task.trigger is all_successful
        and task.result is None
        and not task.target
        and task.cache_for is None
        and task.checkpoint is not True
        and task.timeout is None
        and not task.log_stdout
        and task.task_run_name is None
    )


class BareRuns:
    """Runs the tasks of one flow run for which `is_bare` holds.

    Made in the context of the flow run, where `direct` runs are possible, too.
    """

    __slots__ = ("_context",)

    def __init__(self) -> None:
        current = ambient.current()
        # The places of what differs are made here, so that no copy has to grow.
        self._context = {
            "checkpointing": configured(current),
            **current,
            **dict.fromkeys(("task_full_name", "task_name", "task_tags", "logger")),
            **dict.fromkeys(("map_index", "task_run_count")),
        }

    @staticmethod
    def are_possible(flow: Flow, logger: Logger) -> bool:
        """Whether a flow run is bare: nobody logs or listens, and its result is no special one."""
        return (
            not flow.result
            and not logger.isEnabledFor(INFO)
            and ambient.current().get(LISTENER) is None
        )

    def run(
        self,
        task: Task,
        own: Mapping[str, Any],
        values: Mapping[str, Any],
        upstream: Callable[[Task], Mapping[Edge, State]],
    ) -> State:
        """Run a task.

        Args:
            task: the task.
            own: its context values.
            values: arguments of `Task.run`.
            upstream: gives the upstream states of the task by edge, if they are needed.

        Returns:
            The state the run ended in.
        """
        context = {**self._context, **own}
        context["map_index"], context["task_run_count"] = None, 1
        context["task_full_name"] = context["task_name"] = task.name
        context["task_tags"] = task.tags
        context["logger"] = task.logger
        previous = ambient.swap(context)
        try:
            run = task.run
            value = (interruptible(run) if threads else run)(**values)
            return Success(SUCCESS_MESSAGE, PLAIN.from_value(value))
        except BaseException as exc:
            return TaskRunner(task).go_on_after(exc, upstream(task), context)
        finally:
            ambient.swap(previous)
