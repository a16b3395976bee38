"""The `case` block: tasks in it run if the result of another task equals a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect_results.context import context
from prefect_results.core import Task
from prefect_results.tasks.control_flow.conditional import CompareValue

if TYPE_CHECKING:
    from prefect_results.core import Flow

__all__ = ["case"]


class case:
    """A block of a flow's definition that runs on a condition::

        with Flow("example"):
            with case(weather(), "rain"):
                open(umbrella())

    Args:
        task: The task whose result decides.
        value: What it must equal; not a task.

    Raises:
        TypeError: `value` is a task.
    """

    def __init__(self, task: Task, value: Any) -> None:
        if isinstance(value, Task):
            raise TypeError("`value` cannot be a task")
        self.task = task
        self.value = value
        # a dict, so that edges are made in the order of the flow's definition
        self._tasks: dict[Task, None] = {}
        self._flow: Flow | None = None
        self._outer: case | None = None

    def add_task(self, task: Task, flow: Flow) -> None:
        """Make a task part of this block.

        Raises:
            ValueError: The tasks of the block are in another flow.
        """
        if self._flow is None:
            self._flow = flow
        elif self._flow is not flow:
            raise ValueError("Multiple flows cannot be used with the same case statement")
        self._tasks[task] = None

    def __enter__(self) -> None:
        self._outer = context.get("case")
        context.update(case=self)

    def __exit__(self, *exc_info: object) -> None:
        if self._outer is None:
            context.pop("case", None)
        else:
            context.update(case=self._outer)
        flow = self._flow
        if flow is None:
            return
        comparison = CompareValue(self.value, name=f"case({self.value})")
        condition = comparison.bind(value=self.task, flow=flow)
        for child in self._tasks:
            # one that follows another of the block is skipped with it
            if self._tasks.keys().isdisjoint(flow.upstream_tasks(child)):
                child.set_upstream(condition, flow=flow)
