"""Batches of children's states that are still computed.

Not here: the states themselves (see `batches`).
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class FutureBatches(Sequence[Any]):
    """Futures of batches, in order.

    How many states a batch will have may not be known, after `flatten`; then nobody can ask for
    a length or an item.

    Args:
        futures: a future of a sequence of states each.
        starts: the map index of the first state of each; a number or the future of one.
        total: how many states there are in all; None if that is not known.
        item: makes the future of one state of a future batch: `item(future, position)`.
    """

    def __init__(
        self,
        futures: Sequence[Any],
        starts: Sequence[Any],
        total: int | None,
        item: Callable[[Any, int], Any],
    ) -> None:
        self.futures = list(futures)
        self.starts = list(starts)
        self.total = total
        self._item = item

    def __len__(self) -> int:
        if self.total is None:
            raise TypeError("it is not known yet how many states there are")
        return self.total

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[position] for position in range(*index.indices(len(self)))]
        index = range(len(self))[index]
        for future, start, stop in self.parts():
            if index < stop:
                return self._item(future, index - start)
        raise IndexError(index)

    def parts(self) -> list[tuple[Any, int, int]]:
        """Each future, the index of its first state and the one behind its last."""
        stops = [*self.starts[1:], len(self)][: len(self.futures)]
        return list(zip(self.futures, self.starts, stops, strict=True))

    def between(self, start: int, stop: int) -> list[tuple[Any, int, int]]:
        """The futures that have the states from `start` to `stop`, each with what to take of it."""
        found = []
        number = max(0, bisect.bisect_right(self.starts, start) - 1)
        while number < len(self.futures) and self.starts[number] < stop:
            first = self.starts[number]
            last = self.starts[number + 1] if number + 1 < len(self.starts) else len(self)
            if max(start, first) < min(stop, last):
                found.append((self.futures[number], max(start - first, 0), min(stop, last) - first))
            number += 1
        return found


def parts_of(children: Any) -> list[Any]:
    """The states or futures of children, or the futures of their batches."""
    return children.futures if isinstance(children, FutureBatches) else list(children)


def counted_parts(children: Any) -> list[tuple[Any, int | None]]:
    """What `parts_of` gives, each with how many states it is of; None if it is one state itself."""
    if not isinstance(children, FutureBatches):
        return [(child, None) for child in children]
    if children.total is None:
        return [(future, 1) for future in children.futures]
    return [(future, stop - start) for future, start, stop in children.parts()]
