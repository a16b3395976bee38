"""Branches of a flow: `switch`, `ifelse`, and `merge` to bring them together again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from prefect_results import signals, triggers
from prefect_results.core import Task, as_task, tags

if TYPE_CHECKING:
    from prefect_results.core import Flow

__all__ = ["ifelse", "merge", "switch"]


class Merge(Task):
    """Returns the first of its inputs that is not None.

    Args:
        **kwargs: Options of `Task`; the trigger is `not_all_skipped` by default.

    Raises:
        ValueError: `skip_on_upstream_skip` is true, which would skip a merge of branches always.
    """

    def __init__(self, **kwargs: Any) -> None:
        if kwargs.setdefault("skip_on_upstream_skip", False):
            raise ValueError("Merge tasks must have `skip_on_upstream_skip=False`.")
        kwargs.setdefault("trigger", triggers.not_all_skipped)
        super().__init__(**kwargs)

    def run(self, **task_results: Any) -> Any:
        """Return the first result that is not None, by name of the argument; else None."""
        for _, value in sorted(task_results.items(), key=lambda item: _rank(item[0])):
            if value is not None:
                return value
        return None


def _rank(key: str) -> tuple[int, str]:
    """Order `task_2` before `task_10`, any other name by its letters."""
    number = key.rpartition("_")[2]
    return (int(number), key) if number.isdecimal() else (0, key)


class CompareValue(Task):
    """Skips itself, and with it a branch, unless its input equals a value.

    Args:
        value: What the input is compared with.
        **kwargs: Options of `Task`; the name says the value by default.
    """

    def __init__(self, value: Any, **kwargs: Any) -> None:
        self.value = value
        kwargs.setdefault("name", f'CompareValue: "{value}"')
        super().__init__(**kwargs)

    def run(self, value: Any) -> None:  # type: ignore[override]
        """Do nothing if `value` is the one to compare with.

        Raises:
            SKIP: It is another one.
        """
        if value != self.value:
            raise signals.SKIP(f'Provided value "{value}" did not match "{self.value}"')


def switch(condition: Task, cases: Mapping[Any, Any], mapped: bool = False) -> None:
    """Run the one task whose key equals the result of a condition; skip the others.

    Args:
        condition: The task whose result decides.
        cases: Tasks by the result that lets them run. Tasks upstream of these run in any case.
        mapped: Whether to map the decision over the condition's results.
    """
    with tags("switch"):
        for value, branch in cases.items():
            # before the comparison, so that tasks are added to the flow in this order
            branch_task = as_task(branch)
            match = CompareValue(value=value).bind(value=condition, mapped=mapped)
            branch_task.set_dependencies(upstream_tasks=[match], mapped=mapped)


class _AsBool(Task):
    """Tells whether its input is true."""

    def run(self, x: Any) -> bool:  # type: ignore[override]
        return bool(x)


def ifelse(condition: Task, true_task: Any, false_task: Any, mapped: bool = False) -> None:
    """Run one task if the result of a condition is true, another if it is not.

    Args:
        condition: The task whose result decides.
        true_task: Runs if it is true; may be None.
        false_task: Runs if it is false; may be None.
        mapped: Whether to map the decision over the condition's results.
    """
    branches = ((True, true_task), (False, false_task))
    cases = {value: branch for value, branch in branches if branch is not None}
    if cases:
        switch(_AsBool(name="as_bool")(condition, mapped=mapped), cases, mapped=mapped)


def merge(*tasks: Any, flow: Flow | None = None, mapped: bool = False, **kwargs: Any) -> Task:
    """Bring branches together: the result is that of the branch that ran.

    Args:
        *tasks: The last tasks of the branches. Where several have a result, the first that is
            not None counts.
        flow: The flow; the one in context by default.
        mapped: Whether to map over the tasks.
        **kwargs: Options of `Task`.

    Returns:
        The task that has the result; it is skipped if all branches were.
    """
    named = {f"task_{number}": branch for number, branch in enumerate(tasks, 1)}
    return Merge(**kwargs).bind(flow=flow, mapped=mapped, **named)
