"""``apply_map``: mapping a function that builds tasks over the elements of its arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from prefect_results.context import context
from prefect_results.core.annotations import EdgeAnnotation, flatten, unmapped
from prefect_results.core.conversion import as_task, is_constant_task
from prefect_results.core.flow import Flow
from prefect_results.core.task import Task

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class _Argument(NamedTuple):
    """How an argument of ``apply_map`` is passed to the tasks inside."""

    mapped: bool = True
    constant: bool = False
    flattened: bool = False


_INNER = _Argument()


def apply_map(func: Callable[..., Any], *args: Any, flow: Flow | None = None, **kwargs: Any) -> Any:
    """Map a function that adds tasks to a flow over the elements of its arguments.

    The function is called once. Each task that it adds becomes a mapped task, and runs once for
    each element of the arguments, which must be of one length; all of them depend on all
    arguments but unmapped constants. Wrap in ``unmapped`` what each child gets as a whole, in
    ``flatten`` what has to be flattened first.

    Args:
        func: Adds tasks to the flow in context, or to its ``flow`` argument if ``flow`` is given.
        args: What to map over.
        flow: The flow; the one in context by default.
        kwargs: What to map over, by keyword.

    Returns:
        What ``func`` returns.

    Raises:
        ValueError: if there is no flow.
        TypeError: if an argument is no task, annotation or sequence.
    """
    target = flow if flow is not None else context.get("flow")
    if target is None:
        raise ValueError("Couldn't infer a flow in the current context")
    for value in (*args, *kwargs.values()):
        if not isinstance(value, (Task, EdgeAnnotation, Sequence)):
            raise TypeError(f"Cannot map over non-sequence object of type `{type(value).__name__}`")

    before = target.tasks.copy()
    inner = Flow("temporary flow")
    arguments: dict[Task, _Argument] = {}
    args = tuple(_prepare(value, target, inner, arguments) for value in args)
    kwargs = {key: _prepare(value, target, inner, arguments) for key, value in kwargs.items()}
    # A case or resource around the call applies when the tasks join the outer flow.
    with context(mapped=True, case=None, resource=None), inner:
        result = func(*args, **kwargs) if flow is None else func(*args, flow=inner, **kwargs)
    _merge(inner, target, arguments)
    _add_missing_dependencies(inner.tasks - before - arguments.keys(), target, arguments)
    return result


def _prepare(value: Any, target: Flow, inner: Flow, arguments: dict[Task, _Argument]) -> Task:
    with context(case=None, resource=None):
        task = as_task(value, flow=inner)
        constant = is_constant_task(task)
        if not constant:
            inner.add_task(task)
    arguments[task] = _Argument(
        mapped=not isinstance(value, unmapped),
        constant=constant,
        flattened=isinstance(value, flatten),
    )
    if not constant:
        target.add_task(task)
    return task


def _merge(inner: Flow, target: Flow, arguments: dict[Task, _Argument]) -> None:
    graph = inner.graph()
    for task in graph.ordered_tasks():
        target.add_task(task)
    for edge in graph.ordered_edges():
        how = arguments.get(edge.upstream_task, _INNER)
        target.add_edge(
            upstream_task=edge.upstream_task,
            downstream_task=edge.downstream_task,
            key=edge.key,
            mapped=how.mapped,
            flattened=how.flattened,
        )
    # A constant that is mapped over has to be a task, the flow's constants are not mapped.
    mapped_constants = {
        id(task.value): task  # type: ignore[attr-defined]
        for task, how in arguments.items()
        if how.mapped and how.constant
    }
    for task, constants in inner.constants.items():
        for key, value in constants.items():
            source = mapped_constants.get(id(value))
            if source is None:
                target.constants[task][key] = value
            else:
                target.add_task(source)
                target.add_edge(
                    upstream_task=source,
                    downstream_task=task,
                    key=key,
                    mapped=True,
                    flattened=arguments[source].flattened,
                )


def _add_missing_dependencies(
    new_tasks: set[Task], target: Flow, arguments: dict[Task, _Argument]
) -> None:
    """Make each new task without an upstream task among the new ones depend on all arguments."""
    for task in [task for task in target.graph().ordered_tasks() if task in new_tasks]:
        upstream = target.upstream_tasks(task)
        if upstream & new_tasks:
            continue
        for argument, how in arguments.items():
            if argument not in upstream and (how.mapped or not how.constant):
                target.add_edge(
                    upstream_task=argument,
                    downstream_task=task,
                    mapped=how.mapped,
                    flattened=how.flattened,
                )
