"""Turning values into tasks: ``as_task``.

The tasks that stand for constants and collections live in the ``tasks`` room, which hands their
classes over with :func:`register` when it is imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefect_results.core.annotations import EdgeAnnotation

if TYPE_CHECKING:
    from typing import Any

    from prefect_results.core.flow import Flow
    from prefect_results.core.task import Task


class _Registered:
    """The classes that were handed over, by what they stand for."""

    task: type[Any]
    constant: type[Any] | None = None
    list: type[Any] | None = None
    tuple: type[Any] | None = None
    set: type[Any] | None = None
    dict: type[Any] | None = None


registered = _Registered


def register(
    *,
    constant: type[Any] | None = None,
    list: type[Any] | None = None,
    tuple: type[Any] | None = None,
    set: type[Any] | None = None,
    dict: type[Any] | None = None,
) -> None:
    """Hand over the task classes that constants and collections become.

    Args:
        constant: Called as ``constant(value)``; its instances have ``.value``.
        list: ``list().bind(*values, flow=flow)`` collects task results into a list.
        tuple: The same for a tuple.
        set: The same for a set.
        dict: ``dict().bind(keys=keys, values=values, flow=flow)`` collects into a dict.
    """
    given = {"constant": constant, "list": list, "tuple": tuple, "set": set, "dict": dict}
    for name, cls in given.items():
        if cls is not None:
            setattr(registered, name, cls)


def is_constant(x: Any) -> bool:
    """Whether ``x`` is no task and no collection that has one somewhere inside."""
    if isinstance(x, (registered.task, EdgeAnnotation)):
        return False
    if isinstance(x, (list, tuple, set)):
        return all(map(is_constant, x))
    if isinstance(x, dict):
        return all(map(is_constant, x.values()))
    return True


def is_constant_task(task: Any) -> bool:
    """Whether ``task`` stands for a constant value."""
    constant = registered.constant
    return constant is not None and isinstance(task, constant)


def as_task(x: Any, flow: Flow | None = None) -> Task:
    """Wrap a value with the task type that stands for it.

    A task comes back as it is, an annotation gives what it annotates. A constant, or a
    collection of constants, becomes one ``Constant``; a list, tuple, set or dict that has
    tasks in it becomes a collection task bound in ``flow``.

    Args:
        x: Any Python object.
        flow: The flow in which collections are bound; the one in context by default.

    Returns:
        A task; ``auto_generated`` is True if it was made here.

    Raises:
        ValueError: if a collection has to be bound and there is no flow.
    """
    if isinstance(x, registered.task):
        return x  # type: ignore[no-any-return]
    if isinstance(x, EdgeAnnotation):
        return as_task(x.value, flow=flow)
    if is_constant(x):
        task = _class_for("constant")(x)
    elif isinstance(x, list):
        task = _class_for("list")().bind(*x, flow=flow)
    elif isinstance(x, tuple):
        task = _class_for("tuple")().bind(*x, flow=flow)
    elif isinstance(x, set):
        task = _class_for("set")().bind(*x, flow=flow)
    else:
        task = _class_for("dict")().bind(keys=list(x), values=list(x.values()), flow=flow)
    task.auto_generated = True
    return task  # type: ignore[no-any-return]


def _class_for(kind: str) -> type[Any]:
    cls: type[Any] | None = getattr(registered, kind)
    if cls is None:
        raise RuntimeError(
            f"No task type for a {kind} is registered; `import prefect_results` registers them."
        )
    return cls
