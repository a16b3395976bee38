"""The states of many mapped children at once: computed, put together, still to be computed.

Not here: how a batch is run (see `calls`) and when (see `dispatch`).
"""

from __future__ import annotations

import bisect
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from prefect_results.engine import execution
from prefect_results.engine.direct import PLAIN
from prefect_results.results import Result
from prefect_results.states import State, Success

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Batch(Sequence[State]):
    """The states of consecutive children, kept small: of ordinary ones only the value travels.

    Args:
        tags: the tags of the task, which are in the context of each state.

    Attributes:
        values: the value of each ordinary child; `None` where `states` has the child.
        states: the states of the others by position.
        seconds: how long the batch took.
    """

    __slots__ = ("seconds", "states", "tags", "values")

    def __init__(self, tags: Sequence[str] = ()) -> None:
        self.values: list[Any] = []
        self.states: dict[int, State] = {}
        self.tags = list(tags)
        self.seconds = 0.0

    def add(self, state: State) -> None:
        """Append the state of the next child."""
        result = state._result
        ordinary = (
            type(state) is Success
            and state.message == execution.SUCCESS_MESSAGE
            and type(result) is Result
            and result.location is None
            and not result.serialized
            and result.serializer is PLAIN.serializer
            and not state.cached_inputs
        )
        if not ordinary:
            self.states[len(self.values)] = state
        self.values.append(result.value if ordinary else None)

    def all_values(self) -> list[Any]:
        """The value of each child."""
        values = list(self.values)
        for position, state in self.states.items():
            values[position] = state.result
        return values

    def representatives(self) -> list[State]:
        """The states that are not ordinary, and one for all that are."""
        found = list(self.states.values())
        if len(found) < len(self.values):
            found.append(Success(execution.SUCCESS_MESSAGE))
        return found

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[position] for position in range(*index.indices(len(self)))]
        index = range(len(self))[index]
        state = self.states.get(index)
        if state is None:
            state = Success(execution.SUCCESS_MESSAGE, result=Result(self.values[index]))
            state.context = {"tags": list(self.tags)}
            # Asked for again it is the same state, as in a list.
            self.states[index] = state
        return state

    def __sizeof__(self) -> int:
        return 200 + sum(map(_size, self.values)) + sum(map(_size, self.states.values()))


def _size(value: Any) -> int:
    nbytes = getattr(value, "nbytes", None)
    return nbytes if isinstance(nbytes, int) else sys.getsizeof(value, 64)


class States(Sequence[State]):
    """The states of a mapped task's children, in batches; looks like a list of states."""

    def __init__(self, batches: Sequence[Sequence[State]]) -> None:
        self._batches = list(batches)
        self._starts: list[int] = []
        self._length = 0
        for batch in self._batches:
            self._starts.append(self._length)
            self._length += len(batch)

    def all_values(self) -> list[Any]:
        """The value of each child."""
        return [
            value
            for batch in self._batches
            for value in (
                batch.all_values()
                if isinstance(batch, Batch)
                else [state.result for state in batch]
            )
        ]

    def representatives(self) -> list[State]:
        """The states that are not ordinary, and some for all that are."""
        return [
            state
            for batch in self._batches
            for state in (batch.representatives() if isinstance(batch, Batch) else batch)
        ]

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[State]:
        for batch in self._batches:
            yield from batch

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[position] for position in range(*index.indices(self._length))]
        index = range(self._length)[index]
        number = bisect.bisect_right(self._starts, index) - 1
        return self._batches[number][index - self._starts[number]]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{self._length} states>"


class FutureBatches(Sequence[Any]):
    """Batches that are still computed: futures of batches whose lengths are known.

    Args:
        futures: a future of a sequence of states each.
        lengths: how many states each will have.
        item: makes the future of one state of a future batch: `item(future, position)`.
    """

    def __init__(
        self, futures: Sequence[Any], lengths: Sequence[int], item: Callable[[Any, int], Any]
    ) -> None:
        self.futures = list(futures)
        self.lengths = list(lengths)
        self._item = item

    def __len__(self) -> int:
        return sum(self.lengths)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[position] for position in range(*index.indices(len(self)))]
        index = range(len(self))[index]
        for future, length in zip(self.futures, self.lengths, strict=True):
            if index < length:
                return self._item(future, index)
            index -= length
        raise IndexError(index)

    def between(self, start: int, stop: int) -> list[tuple[Any, int, int]]:
        """The futures that have the states from `start` to `stop`, each with what to take of it."""
        found = []
        first = 0
        for future, length in zip(self.futures, self.lengths, strict=True):
            low, high = max(start - first, 0), min(stop - first, length)
            if low < high:
                found.append((future, low, high))
            first += length
        return found
