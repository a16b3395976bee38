"""What each child of a mapped task gets from upstream, by its position.

A source is a function of the position that gives the upstream state of one edge, and raises
`IndexError` behind the last child.
"""

from __future__ import annotations

import copy
from functools import partial
from typing import TYPE_CHECKING, Any

from prefect_results.engine.plain import value_is_here
from prefect_results.results import NoResult
from prefect_results.states.sizes import size_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from prefect_results.core import Edge
    from prefect_results.states import Mapped, State

    Source = Callable[[int], Any]


class Same:
    """The same upstream state for each child."""

    __slots__ = ("state",)

    def __init__(self, state: State) -> None:
        self.state = state

    def __call__(self, position: int) -> State:
        return self.state


class Elements:
    """For each child an item of the value of an upstream state.

    Args:
        state: the upstream state.
        values: its value, or the part of it that is mapped over here.
        known: how many children an earlier run had; their number stays.
    """

    __slots__ = ("_known", "state", "values")

    def __init__(self, state: State, values: Any, known: int = 0) -> None:
        self.state = state
        self.values = values
        self._known = known

    def item(self, position: int) -> Any:
        """The item that the child at a position gets."""
        if self._known and position >= self._known:
            raise IndexError(position)
        try:
            return self.values[position] if hasattr(self.values, "__getitem__") else None
        except KeyError:
            # A pandas.Series, and whatever else is asked by key, has no index error at its end.
            if position >= len(self.values):
                raise IndexError(position) from None
            raise

    def column(self) -> Any:
        """The items of all children as a list, if they are one."""
        return self.values if isinstance(self.values, list) and not self._known else None

    def __call__(self, position: int) -> State:
        child = copy.copy(self.state)
        child._result = self.state._result.from_value(self.item(position))
        return child


class Items:
    """Values that are arguments as a whole: executors do not look for futures among them.

    Args:
        values: for each child one.
        wrong: what is wrong with those that could not be sent, by position.
    """

    __slots__ = ("values", "wrong")

    def __init__(self, values: Any, wrong: Mapping[int, str] | None = None) -> None:
        self.values = values
        self.wrong = wrong

    def __sizeof__(self) -> int:
        return 64 + size_of(self.values)


class Unknown:
    """For each child the upstream state as it is, where an earlier run's value is not here.

    Args:
        state: the upstream state.
        known: how many children the earlier run had.
    """

    __slots__ = ("_known", "_state")

    def __init__(self, state: State, known: int) -> None:
        self._state = state
        self._known = known

    def __call__(self, position: int) -> State:
        if position >= self._known:
            raise IndexError(position)
        return copy.copy(self._state)


class Upstream:
    """For each child the state (or its future) of the child of a mapped upstream task.

    Args:
        states: the states or futures.
        values: the values of the states, if these are all ordinary.
    """

    __slots__ = ("states", "values")

    def __init__(self, states: Sequence[Any], values: Sequence[Any] | None = None) -> None:
        self.states = states
        self.values = values

    def __call__(self, position: int) -> Any:
        return self.states[position]


class ChildInputs:
    """The values of each child of a plain mapped task, where they are ordinary.

    Args:
        sources: the source of each edge.

    Attributes:
        sources: the given ones.
    """

    def __init__(self, sources: Mapping[Edge, Source]) -> None:
        self.sources = dict(sources)
        self._values: dict[str, Any] = {}
        self._columns: list[tuple[str | None, Any]] = []
        self._items: list[tuple[str | None, Any]] = []
        self._states: list[tuple[str | None, Any]] = []
        self._ordinary = True
        for edge, source in sources.items():
            if isinstance(source, Same):
                self._ordinary = self._ordinary and value_is_here(source.state)
                if edge.key is not None:
                    self._values[edge.key] = source.state.result
            elif isinstance(source, Elements):
                self._ordinary = self._ordinary and value_is_here(source.state)
                column = source.column()
                if column is None:
                    self._items.append((edge.key, source))
                else:
                    self._columns.append((edge.key, column))
            elif isinstance(source, Upstream):
                if source.values is None:
                    self._states.append((edge.key, source.states))
                else:
                    self._columns.append((edge.key, source.values))
            else:
                self._ordinary = False

    def values(self, position: int) -> dict[str, Any] | None:
        """Arguments of `Task.run` for a child; `None` if it has to take the long way.

        Raises:
            IndexError: behind the last child.
        """
        values = self._values.copy()
        ordinary = self._ordinary
        for key, column in self._columns:
            item = column[position]
            if key is not None:
                values[key] = item
        for key, source in self._items:
            item = source.item(position)
            if key is not None:
                values[key] = item
        for key, states in self._states:
            state = states[position]
            if not value_is_here(state):
                ordinary = False
            elif key is not None:
                values[key] = state._result.value
        return values if ordinary else None

    def upstream(self, position: int) -> dict[Edge, Any]:
        """The upstream states of a child by edge.

        Raises:
            IndexError: behind the last child.
        """
        return {edge: source(position) for edge, source in self.sources.items()}

    def upstream_at(self, position: int) -> Callable[[], dict[Edge, Any]]:
        """A function that gives the upstream states of a child."""
        return partial(self.upstream, position)


def child_sources(
    state: Mapped,
    upstream_states: Mapping[Edge, State],
    mapped_children: Mapping[Edge, Sequence[Any]],
) -> dict[Edge, Source]:
    """The source of each edge of a mapped task.

    Args:
        state: the parent's state.
        upstream_states: the parent's upstream states.
        mapped_children: by edge the children (states or futures) of the mapped upstream task,
            flattened where the edge flattens.

    Returns:
        A source for each edge.
    """
    known = len(state.map_states)
    sources: dict[Edge, Source] = {}
    for edge, upstream in upstream_states.items():
        if edge.key in state.cached_inputs:
            upstream = copy.copy(upstream)
            upstream._result = state.cached_inputs[edge.key]
        if not edge.mapped:
            sources[edge] = Same(upstream)
        elif upstream.is_mapped():
            sources[edge] = Upstream(mapped_children[edge])
        elif upstream._result is NoResult and state.is_mapped():
            sources[edge] = Unknown(upstream, known)
        else:
            sources[edge] = Elements(upstream, upstream.result, known)
    return sources
