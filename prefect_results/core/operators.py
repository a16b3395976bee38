"""The operators of a task: ``x + y``, ``x["k"]``, ``x > y`` and their like make new tasks.

The tasks that do the work live in the ``tasks`` room, which hands them over with
:func:`register_operators` when it is imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefect_results.core.binding import TaskBinding
from prefect_results.core.conversion import registered as conversions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from prefect_results.core.task import Task

_operators: dict[str, type[Task]] = {}


def register_operators(classes: Mapping[str, type[Task]] | None = None, **more: type[Task]) -> None:
    """Hand over the task classes behind the operators.

    Args:
        classes: Task classes by name: ``Add, Sub, Mul, Div, FloorDiv, Mod, Pow, And, Or, Not,
            Equal, NotEqual, GreaterThan, GreaterThanOrEqual, LessThan, LessThanOrEqual`` and
            ``GetItem``.
        more: The same as keywords.
    """
    _operators.update(classes or {}, **more)


def operator_class(name: str) -> type[Task]:
    """The registered task class for an operator.

    Raises:
        RuntimeError: if none is registered.
    """
    try:
        return _operators[name]
    except KeyError:
        raise RuntimeError(
            f"No task type for the operator {name} is registered; `import prefect_results` "
            "registers them."
        ) from None


def _binary(name: str, symbol: str) -> Callable[[Any, object], Task]:
    def method(self: Any, other: object) -> Task:
        return operator_class(name)().bind(self, other)

    method.__doc__ = f"A task that evaluates ``self {symbol} other``."
    return method


def _reflected(name: str, symbol: str) -> Callable[[Any, object], Task]:
    def method(self: Any, other: object) -> Task:
        return operator_class(name)().bind(other, self)

    method.__doc__ = f"A task that evaluates ``other {symbol} self``."
    return method


class TaskOperators(TaskBinding):
    """Mixin of :class:`~prefect_results.core.task.Task` with its operators.

    ``==`` and ``!=`` compare identity, because tasks are keys of dictionaries; ``is_equal`` and
    ``is_not_equal`` make the tasks. The other operand of an operator is converted to a task if
    it is none.
    """

    if TYPE_CHECKING:
        checkpoint: bool | None
        result: Any
        nout: int | None

    is_equal = _binary("Equal", "==")
    is_not_equal = _binary("NotEqual", "!=")
    or_ = _binary("Or", "or")

    def not_(self) -> Task:
        """A task that evaluates ``not self``."""
        return operator_class("Not")().bind(self)

    def __iter__(self) -> Iterator[Task]:
        if self.nout is None:
            raise TypeError(
                "Task is not iterable. If your task returns multiple results, pass `nout` to the "
                "task decorator/constructor, or provide a `Tuple` return-type annotation to your "
                "task."
            )
        return (self[i] for i in range(self.nout))

    def __getitem__(self, key: Any) -> Task:
        """A task that evaluates ``self[key]``; it keeps this task's checkpoint and result."""
        label = key.name if isinstance(key, conversions.task) else repr(key)
        return operator_class("GetItem")(
            checkpoint=self.checkpoint, name=f"{self.name}[{label}]", result=self.result
        ).bind(self, key)

    def __or__(self, other: object) -> object:
        """``self | other``: make ``other`` run after this task, and return ``other``."""
        self.set_dependencies(downstream_tasks=[other])
        return other

    def __ror__(self, other: object) -> TaskOperators:
        """``other | self``: make this task run after ``other``, and return this task."""
        self.set_dependencies(upstream_tasks=[other])
        return self

    __add__ = _binary("Add", "+")
    __sub__ = _binary("Sub", "-")
    __mul__ = _binary("Mul", "*")
    __truediv__ = _binary("Div", "/")
    __floordiv__ = _binary("FloorDiv", "//")
    __mod__ = _binary("Mod", "%")
    __pow__ = _binary("Pow", "**")
    __and__ = _binary("And", "&")
    __radd__ = _reflected("Add", "+")
    __rsub__ = _reflected("Sub", "-")
    __rmul__ = _reflected("Mul", "*")
    __rtruediv__ = _reflected("Div", "/")
    __rfloordiv__ = _reflected("FloorDiv", "//")
    __rmod__ = _reflected("Mod", "%")
    __rpow__ = _reflected("Pow", "**")
    __rand__ = _reflected("And", "&")
    __gt__ = _binary("GreaterThan", ">")
    __ge__ = _binary("GreaterThanOrEqual", ">=")
    __lt__ = _binary("LessThan", "<")
    __le__ = _binary("LessThanOrEqual", "<=")
