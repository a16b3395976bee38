"""Mapped tasks: may the parent map, and what does each child get from upstream?

Also flattening. Not here: how the children are run (see `flow_runner`).
"""

from __future__ import annotations

import copy
import itertools
from typing import TYPE_CHECKING, Any

from prefect_results.logging import get_logger
from prefect_results.results import NoResult
from prefect_results.signals import ENDRUN
from prefect_results.states import Failed, Mapped, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from prefect_results.core import Edge, Task
    from prefect_results.executors.base import Executor

    Sources = dict[Edge, Callable[[int], Any]]


def ready_to_map(state: State, upstream_states: Mapping[Edge, State]) -> State:
    """Decide whether a mapped parent goes on to its children; the parent's own run ends here.

    Raises:
        ENDRUN: with `Mapped`, or with `Failed` if there is nothing to map over.
    """
    if isinstance(state, Mapped):
        # A run that goes on later regenerates its children from the cached inputs.
        if len(state.map_states) == 0 and state.n_map_states > 0:
            state.map_states = [None] * state.n_map_states  # type: ignore[list-item]
        state.cached_inputs = {
            edge.key: upstream._result for edge, upstream in upstream_states.items() if edge.key
        }
        raise ENDRUN(state)

    mapped = [
        upstream
        for edge, upstream in upstream_states.items()
        if edge.mapped and upstream.is_successful()
    ]
    if upstream_states and not mapped:
        raise ENDRUN(Failed("No upstream states can be mapped over."))
    if not all(upstream.is_mapped() or _can_index(upstream) for upstream in mapped):
        raise ENDRUN(Failed("At least one upstream state has an unmappable result."))
    width = min((_width(upstream) for upstream in mapped), default=0)
    raise ENDRUN(Mapped("Ready to proceed with mapping.", n_map_states=width))


def _can_index(state: State) -> bool:
    return hasattr(state.result, "__getitem__")


def _width(state: State) -> int:
    return state.n_map_states if isinstance(state, Mapped) else len(state.result)


def child_sources(
    state: Mapped,
    upstream_states: Mapping[Edge, State],
    mapped_children: Mapping[Task, Sequence[Any]],
    executor: Executor,
) -> Sources:
    """For each edge, a function that gives a child's upstream state by its map index.

    Args:
        state: the parent's state.
        upstream_states: the parent's upstream states.
        mapped_children: the children (states or futures) of each mapped task so far.
        executor: resolves futures where flattening needs lengths.

    Returns:
        Functions that raise `IndexError` behind the last child, and give futures where the
        upstream child is one.
    """
    known = len(state.map_states)
    return {
        edge: _source(edge, upstream, state, mapped_children, executor, known)
        for edge, upstream in upstream_states.items()
    }


def child_upstream(sources: Sources, index: int) -> dict[Edge, Any]:
    """The upstream states of one child.

    Raises:
        IndexError: if there is no such child.
    """
    return {edge: source(index) for edge, source in sources.items()}


def each_child(sources: Sources) -> Iterator[tuple[int, dict[Edge, Any]]]:
    """Yield the map index and the upstream states of each child, in map order."""
    if not sources:
        return
    for index in itertools.count():
        try:
            upstream = child_upstream(sources, index)
        except IndexError:
            return
        yield index, upstream


def _source(
    edge: Edge,
    upstream: State,
    state: State,
    mapped_children: Mapping[Task, Sequence[Any]],
    executor: Executor,
    known: int,
) -> Any:
    """A function of the map index that gives the upstream state of one edge."""
    if edge.key in state.cached_inputs:
        upstream = copy.copy(upstream)
        upstream._result = state.cached_inputs[edge.key]
    if not edge.mapped:
        return lambda index: upstream
    if upstream.is_mapped():
        children = mapped_children[edge.upstream_task]
        if edge.flattened:
            children = flatten_mapped_children(children, executor)
        return children.__getitem__

    def element(index: int) -> State:
        # Children known from an earlier run set the width; their inputs may be gone.
        if known and index >= known:
            raise IndexError(index)
        child = copy.copy(upstream)
        if upstream._result is not NoResult or not state.is_mapped():
            value = upstream.result
            item = value[index] if hasattr(value, "__getitem__") else None
            child._result = upstream._result.from_value(item)
        elif index >= known:
            raise IndexError(index)
        return child

    return element


def flatten_upstream_state(upstream_state: State) -> State:
    """Flatten the value of an upstream state by one level; leave one that cannot be.

    Args:
        upstream_state: a state whose value is an iterable of iterables.

    Returns:
        A copy with the flat list as value, or the given state.
    """
    try:
        flat = [item for inner in upstream_state.result for item in inner]
    except TypeError:
        return upstream_state
    state = copy.copy(upstream_state)
    state._result = upstream_state._result.from_value(flat)
    return state


def flatten_mapped_children(mapped_children: Sequence[Any], executor: Executor) -> list[Any]:
    """Flatten the children of a mapped task: one state (or future) for each item of each value.

    Args:
        mapped_children: states or futures of the children.
        executor: resolves futures; the lengths must be known.

    Returns:
        States or futures of the items, in order.
    """
    counts = executor.wait([executor.submit(_count, child) for child in mapped_children])
    return [
        executor.submit(_item_state, child, index)
        for child, count in zip(mapped_children, counts, strict=True)
        for index in range(count)
    ]


def _count(state: State) -> int:
    return len(state.result) if _can_flatten(state) else 1


def _can_flatten(state: State) -> bool:
    return hasattr(state.result, "__len__") and hasattr(state.result, "__getitem__")


def _item_state(state: State, index: int) -> State:
    if not state.is_successful() or state.is_skipped():
        return state
    item = copy.copy(state)
    if _can_flatten(state):
        item._result = state._result.from_value(state.result[index])
    else:
        get_logger("FlowRunner").warning(
            "`flatten` was used on upstream task that did not return an iterable. "
            "The value will be passed downstream unmodified."
        )
        item._result = state._result.from_value(state.result)
    return item
