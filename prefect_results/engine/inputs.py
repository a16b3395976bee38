"""What a task run takes in: the Results of its inputs, and the names that templates can use."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from prefect_results.context import Deferred
from prefect_results.context import context as ambient
from prefect_results.results import NoResult
from prefect_results.results.location import names_in
from prefect_results.states import Mapped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prefect_results.core import Edge
    from prefect_results.results import Result
    from prefect_results.states import State


def inputs_from(
    upstream_states: Mapping[Edge, State], cached_inputs: Mapping[str, Result]
) -> dict[str, Result]:
    """The Result of each upstream state that feeds an argument, by argument name.

    Args:
        upstream_states: upstream states, loaded.
        cached_inputs: what a run that goes on later kept of its inputs; used where the upstream
            state has no result.

    Returns:
        Results whose values are there.
    """
    inputs = {}
    for edge, upstream in upstream_states.items():
        if edge.key is not None:
            result = upstream._result
            if result is NoResult and edge.key in cached_inputs:
                result = cached_inputs[edge.key].deserialize()
            inputs[edge.key] = result
    return inputs


def with_loaded_results(
    upstream_states: Mapping[Edge, State],
) -> dict[Edge, State]:
    """Deserialize what arrived serialized; the given states stay as they are.

    A value that was sent by location is read here, the moment that a task needs it.
    """
    loaded = {}
    for edge, upstream in upstream_states.items():
        if edge.key is not None:
            if upstream._result.serialized:
                upstream = copy.copy(upstream)
                upstream._result = upstream._result.deserialize()
            elif isinstance(upstream, Mapped) and not edge.mapped:
                upstream = _with_loaded_children(upstream)
        loaded[edge] = upstream
    return loaded


def _with_loaded_children(parent: Mapped) -> Mapped:
    """A mapped state whose value has those of children that arrived serialized."""
    children = parent.map_states
    if not any(child is not None and child._result.serialized for child in children):
        return parent
    loaded = copy.copy(parent)
    loaded.map_states = [_loaded(child) for child in children]
    loaded.result = [child.result for child in loaded.map_states]
    return loaded


def _loaded(state: State) -> State:
    if not state._result.serialized:
        return state
    state = copy.copy(state)
    state._result = state._result.deserialize()
    return state


def values_of(inputs: Mapping[str, Result]) -> dict[str, Any]:
    """The Python value of each input."""
    return {key: result.value for key, result in inputs.items()}


def template_values(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that a location, target or task run name can be filled from.

    The flow's parameters, then the context, then the inputs; a later one wins. `self` is left
    out, because the values are passed to methods as keyword arguments.

    Args:
        inputs: the values of the run's inputs.
    """
    current = ambient.current()
    values = dict(current.get("parameters") or ())
    values.update(current)
    for key, value in current.items():
        if value.__class__ is Deferred:
            values[key] = value.resolve()
    values.update(inputs)
    values.pop("self", None)
    return values


def named_values(template: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the `template_values` that a template names, as far as they are known.

    Args:
        template: a `str.format` template.
        inputs: the values of the run's inputs.
    """
    current = ambient.current()
    values = {}
    for name in names_in(template):
        for known in (inputs, current, current.get("parameters") or {}):
            if name in known:
                found = known[name]
                values[name] = found.resolve() if found.__class__ is Deferred else found
                break
    return values
