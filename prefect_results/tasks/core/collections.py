"""Tasks that collect the results of other tasks into a list, tuple, set or dict.

A flow makes them when a collection that holds tasks is passed to a task.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from prefect_results.core import Task
from prefect_results.core.conversion import register

if TYPE_CHECKING:
    from prefect_results.core import Flow


class VarArgsTask(Task):
    """A task that can be bound to any number of positional arguments, called `arg_1`, `arg_2`...

    Its `run` takes them as `**kwargs`. The arguments of the constructor are those of `Task`.
    """

    def bind(  # type: ignore[override]
        self,
        *args: Any,
        upstream_tasks: Iterable[Any] | None = None,
        mapped: bool = False,
        flow: Flow | None = None,
    ) -> Task:
        """Bind positional arguments to this task; see `Task.bind`.

        Args:
            *args: Tasks and values.
            upstream_tasks: Tasks to run before, whose results are not passed.
            mapped: Whether to map over the arguments.
            flow: The flow; the one in context by default.
        """
        named = {f"arg_{number}": arg for number, arg in enumerate(args, 1)}
        return super().bind(upstream_tasks=upstream_tasks, mapped=mapped, flow=flow, **named)


def _in_order(task_results: dict[str, Any]) -> list[Any]:
    """Return the values of `arg_1`, `arg_2`..., which may come in any order."""
    numbered = {int(key.rpartition("_")[2]): value for key, value in task_results.items()}
    return [numbered[number] for number in sorted(numbered)]


class List(VarArgsTask):
    """Collects task results into a list."""

    def run(self, **task_results: Any) -> list[Any]:
        """Return the results in the order in which they were bound."""
        return _in_order(task_results)


class Tuple(VarArgsTask):
    """Collects task results into a tuple."""

    def run(self, **task_results: Any) -> tuple[Any, ...]:
        """Return the results in the order in which they were bound."""
        return tuple(_in_order(task_results))


class Set(VarArgsTask):
    """Collects task results into a set."""

    def run(self, **task_results: Any) -> set[Any]:
        """Return the results."""
        return set(task_results.values())


class Dict(Task):
    """Collects task results into a dict."""

    def run(self, keys: Sequence[Any], values: Sequence[Any]) -> dict[Any, Any]:  # type: ignore[override]
        """Return a dict of the keys and the values.

        Args:
            keys: The keys, in order.
            values: As many values.

        Raises:
            ValueError: There are more of the one than of the other.
        """
        if len(keys) != len(values):
            raise ValueError("A different number of keys and values were provided!")
        return dict(zip(keys, values))


register(list=List, tuple=Tuple, set=Set, dict=Dict)
