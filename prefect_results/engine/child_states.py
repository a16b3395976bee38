"""The states of all children of a mapped task, in batches.

Not here: one batch (see `batches`).
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, overload

from prefect_results.engine.batches import Batch
from prefect_results.states import State
from prefect_results.states.sizes import size_of

if TYPE_CHECKING:
    from collections.abc import Iterator


class States(Sequence[State]):
    """The states of a mapped task's children, in batches; looks like a list of states.

    Args:
        batches: sequences of states, in order.
    """

    __slots__ = ("_batches", "_length", "_starts")

    def __init__(self, batches: Sequence[Sequence[State]] = ()) -> None:
        self._batches = list(batches)
        self._starts: list[int] = []
        self._length = 0
        for batch in self._batches:
            self._starts.append(self._length)
            self._length += len(batch)

    @property
    def batches(self) -> list[Sequence[State]]:
        """The batches, in order."""
        return self._batches

    def all_values(self) -> list[Any]:
        """The value of each child; of one whose value is away, None."""
        values: list[Any] = []
        for batch in self._batches:
            if isinstance(batch, Batch):
                values += batch.all_values()
            else:
                values += [state.result for state in batch]
        return values

    def plain_values(self) -> list[Any] | None:
        """The value of each child, if all are ordinary and here; else None."""
        values: list[Any] = []
        for batch in self._batches:
            part = batch.plain_values() if isinstance(batch, Batch) else None
            if part is None:
                return None
            values += part
        return values

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

    @overload
    def __getitem__(self, index: int) -> State: ...

    @overload
    def __getitem__(self, index: slice) -> list[State]: ...

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[position] for position in range(*index.indices(self._length))]
        batch, position = self._find(index)
        return batch[position]

    def __setitem__(self, index: int, state: State) -> None:
        batch, position = self._find(index)
        if isinstance(batch, Batch):
            batch._made[position] = state
        else:
            batch[position] = state  # type: ignore[index]

    def _find(self, index: int) -> tuple[Sequence[State], int]:
        index = range(self._length)[index]
        number = bisect.bisect_right(self._starts, index) - 1
        return self._batches[number], index - self._starts[number]

    def __sizeof__(self) -> int:
        return 64 + sum(map(size_of, self._batches))

    def __add__(self, other: Sequence[State]) -> list[State]:
        return [*self, *other]

    def __radd__(self, other: Sequence[State]) -> list[State]:
        return [*other, *self]

    def copy(self) -> list[State]:
        """A list of the states."""
        return list(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, (str, bytes)):
            return NotImplemented
        return len(self) == len(other) and all(
            mine == theirs for mine, theirs in zip(self, other, strict=True)
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        if self._length <= 20:
            return repr(list(self))
        return f"<{self._length} states>"


def child_values(children: Sequence[Any]) -> list[Any]:
    """The value of each child of a mapped task, as the value of their parent."""
    if isinstance(children, States):
        return children.all_values()
    return [child.result for child in children]


def representatives(children: Sequence[State]) -> Sequence[State]:
    """The states that say how a mapped task's children ended, each kind at least once."""
    return children.representatives() if isinstance(children, States) else children
