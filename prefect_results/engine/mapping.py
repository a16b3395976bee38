"""Mapped tasks: may the parent map, and what does each child get from upstream?

Also flattening. Not here: how the children are run (see `flow_runner`).
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from prefect_results.logging import get_logger
from prefect_results.signals import ENDRUN
from prefect_results.states import Failed, Mapped, State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from prefect_results.core import Edge
    from prefect_results.executors.base import Executor


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
