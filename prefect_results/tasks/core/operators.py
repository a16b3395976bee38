"""Tasks that Python's operators on tasks become: arithmetic, logic, comparison, item and attribute.

A flow makes them for `x + y`, `x["key"]` and the like; which operator becomes which task is said
in `prefect_results.core.operators`.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from prefect_results.core import Task, defaults_from_attrs
from prefect_results.core.operators import register_operators
from prefect_results.core.task import NoDefault


class GetItem(Task):
    """Evaluates `task_result[key]`.

    Args:
        default: What to return where there is no such key; by default that is an error.
        *args: Options of `Task`, in its order.
        **kwargs: Options of `Task`.
    """

    def __init__(self, default: Any = NoDefault.value, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.default = default

    @defaults_from_attrs("default")
    def run(self, task_result: Any, key: Any, default: Any = NoDefault.value) -> Any:
        """Return the item.

        Args:
            task_result: A value with items.
            key: The key or index.
            default: Wins over the task's own.

        Raises:
            KeyError: There is no such key and no default.
        """
        try:
            return task_result[key]
        except KeyError:
            if default is NoDefault.value:
                raise
            return default


class GetAttr(Task):
    """Evaluates `task_result.attr`.

    Args:
        default: What to return where there is no such attribute; by default that is an error.
        *args: Options of `Task`, in its order.
        **kwargs: Options of `Task`.
    """

    def __init__(self, default: Any = NoDefault.value, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.default = default

    @defaults_from_attrs("default")
    def run(self, task_result: Any, attr: Any, default: Any = NoDefault.value) -> Any:
        """Return the attribute.

        Args:
            task_result: A value.
            attr: The attribute's name; dots lead to attributes of attributes.
            default: Wins over the task's own.

        Raises:
            AttributeError: There is no such attribute and no default.
        """
        try:
            return attrgetter(attr)(task_result)
        except AttributeError:
            if default is NoDefault.value:
                raise
            return default


class Not(Task):
    """Evaluates `not x`."""

    def run(self, x: Any) -> bool:  # type: ignore[override]
        """Return whether `x` is false."""
        return not x


class Add(Task):
    """Evaluates `x + y`."""

    def run(self, x: Any, y: Any) -> Any:  # type: ignore[override]
        """Return `x + y`."""
        return x + y


class Sub(Task):
    """Evaluates `x - y`."""

    def run(self, x: Any, y: Any) -> Any:  # type: ignore[override]
        """Return `x - y`."""
        return x - y


class Mul(Task):
    """Evaluates `x * y`."""

    def run(self, x: Any, y: Any) -> Any:  # type: ignore[override]
        """Return `x * y`."""
        return x * y


class Div(Task):
    """Evaluates `x / y`."""

    def run(self, x: Any, y: Any) -> Any:  # type: ignore[override]
        """Return `x / y`."""
        return x / y


class FloorDiv(Task):
    """Evaluates `x // y`."""

    def run(self, x: Any, y: Any) -> Any:  # type: ignore[override]
        """Return `x // y`."""
        return x // y


class Pow(Task):
    """Evaluates `x ** y`."""

    def run(self, x: Any, y: Any) -> Any:  # type: ignore[override]
        """Return `x ** y`."""
        return x**y


class Mod(Task):
    """Evaluates `x % y`."""

    def run(self, x: Any, y: Any) -> Any:  # type: ignore[override]
        """Return `x % y`."""
        return x % y


class And(Task):
    """Evaluates `x and y`."""

    def run(self, x: Any, y: Any) -> Any:  # type: ignore[override]
        """Return `x and y`."""
        return x and y


class Or(Task):
    """Evaluates `x or y`."""

    def run(self, x: Any, y: Any) -> Any:  # type: ignore[override]
        """Return `x or y`."""
        return x or y


class Equal(Task):
    """Evaluates `x == y`."""

    def run(self, x: Any, y: Any) -> Any:  # type: ignore[override]
        """Return `x == y`."""
        return x == y


class NotEqual(Task):
    """Evaluates `x != y`."""

    def run(self, x: Any, y: Any) -> Any:  # type: ignore[override]
        """Return `x != y`."""
        return x != y


class GreaterThanOrEqual(Task):
    """Evaluates `x >= y`."""

    def run(self, x: Any, y: Any) -> Any:  # type: ignore[override]
        """Return `x >= y`."""
        return x >= y


class GreaterThan(Task):
    """Evaluates `x > y`."""

    def run(self, x: Any, y: Any) -> Any:  # type: ignore[override]
        """Return `x > y`."""
        return x > y


class LessThanOrEqual(Task):
    """Evaluates `x <= y`."""

    def run(self, x: Any, y: Any) -> Any:  # type: ignore[override]
        """Return `x <= y`."""
        return x <= y


class LessThan(Task):
    """Evaluates `x < y`."""

    def run(self, x: Any, y: Any) -> Any:  # type: ignore[override]
        """Return `x < y`."""
        return x < y


register_operators(
    {
        task_class.__name__: task_class
        for task_class in (
            GetItem,
            Not,
            Add,
            Sub,
            Mul,
            Div,
            FloorDiv,
            Pow,
            Mod,
            And,
            Or,
            Equal,
            NotEqual,
            GreaterThanOrEqual,
            GreaterThan,
            LessThanOrEqual,
            LessThan,
        )
    }
)
