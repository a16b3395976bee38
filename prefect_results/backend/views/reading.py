"""Reading ahead: the next page while one is used, and the values of a page's children.

What belongs here: the order in which that happens. What does not: what is read (`task_run`,
`children`) and reading several values at a time (`results.reading`).
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from prefect_results.context import context
from prefect_results.results.reading import in_order

T = TypeVar("T")

MOST_READERS = 64
"""How many results are read at once. They wait for storage and hardly use the processor."""

Read = tuple[Callable[[], T], int]
"""A call that reads a value, with the bytes that count for it."""


def prefetched(
    fetch: Callable[[int], list[T]], last_of: Callable[[T], int], size: int
) -> Iterator[list[T]]:
    """Yield pages, each fetched while the one before it is used.

    Args:
        fetch: Returns the page after an index; -1 for the first.
        last_of: Returns the index of an item.
        size: How many items a full page has; a shorter one is the last.
    """
    page = fetch(-1)
    if len(page) < size:
        if page:
            yield page
        return
    ambient = dict(context.current())
    with ThreadPoolExecutor(
        1, "prefect-results-pages", initializer=lambda: context.swap(dict(ambient)) and None
    ) as pool:
        while page:
            following = pool.submit(fetch, last_of(page[-1])) if len(page) == size else None
            yield page
            # Before it waits: only one page is held beside the one that arrives.
            del page
            page = following.result() if following is not None else []


class ReadAhead(Generic[T]):
    """Values of the page that is being used, read ahead once they are wanted one after another."""

    def __init__(self) -> None:
        self._page: dict[int, Read[T]] = {}
        self._coming: deque[int] = deque()
        self._values: Iterator[T] | None = None
        self._taken = 0
        self._lock = threading.Lock()

    def turn(self, page: dict[int, Read[T]]) -> None:
        """Turn to a page; what was read of the one before it and not taken is dropped.

        Args:
            page: How to read each value, by key, in order.
        """
        with self._lock:
            self._drop()
            self._page = page

    def take(self, key: int, read: Callable[[], T]) -> T:
        """Return a value: the one that was read ahead, else the one that `read` returns."""
        with self._lock:
            self._taken += 1
            # One value alone may be all that is wanted.
            if self._taken > 1 and key in self._page:
                self._begin(key)
                return self._next(key, read)
        return read()

    def _begin(self, key: int) -> None:
        """Begin to read from a key on, unless that is what is going on."""
        if self._values is None:
            self._coming = deque(other for other in self._page if other >= key)
            calls = [self._page[other] for other in self._coming]
            self._values = iter(in_order(calls, MOST_READERS))

    def _next(self, key: int, read: Callable[[], T]) -> T:
        """Go on to a value; those before it were not wanted."""
        assert self._values is not None
        while self._coming and self._coming[0] <= key:
            coming = self._coming.popleft()
            del self._page[coming]
            try:
                value = next(self._values)
            except BaseException:
                self._values = None  # it is over; the next call begins anew behind this value
                if coming == key:
                    raise
                break
            if coming == key:
                return value
        return read()

    def _drop(self) -> None:
        values, self._values = self._values, None
        self._coming.clear()
        self._page = {}
        if values is not None:
            values.close()  # type: ignore[attr-defined]

    def stop(self) -> None:
        """Begin no more reads, and end the threads."""
        with self._lock:
            self._drop()
