"""Many reads at once: a bounded number of threads, results in order, nothing lost on an error.

What belongs here: threads. What does not: what is read (`task_run`, `children`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import Any, Generic, TypeVar

from prefect_results.context import context

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

MOST_READERS = 64
"""How many results are read at once. They wait for storage and hardly use the processor."""


def new_pool(workers: int) -> ThreadPoolExecutor:
    """Return threads that see the ambient context of the calling one.

    Args:
        workers: How many at most; they are started as they are needed.
    """
    data = dict(context.current())
    return ThreadPoolExecutor(
        workers, "prefect-results-reader", initializer=lambda: context.swap(dict(data)) and None
    )


class Readers(Generic[K, T]):
    """Reads values concurrently; a context manager.

    Leaving the block waits for all reads, or, after an error, for those that have begun. Then
    `values` has what was read, by key, and the error of the smallest key is raised.

    Args:
        values: Where values are put.
        most: How many reads there are at once.
    """

    def __init__(self, values: dict[K, T], most: int = MOST_READERS) -> None:
        self._values = values
        self._pool = new_pool(most)
        self._reads: dict[K, Future[T]] = {}
        self.failed = False

    def read(self, key: K, read: Callable[[], T]) -> None:
        """Begin to read a value."""
        self._reads[key] = self._pool.submit(self._watched, read)

    def _watched(self, read: Callable[[], T]) -> T:
        try:
            return read()
        except BaseException:
            self.failed = True
            for other in list(self._reads.values()):
                other.cancel()
            raise

    def __enter__(self) -> Readers[K, T]:
        return self

    def __exit__(self, kind: Any, exc: BaseException | None, trace: Any) -> None:
        self._pool.shutdown(wait=True, cancel_futures=exc is not None)
        errors: list[tuple[Any, BaseException]] = []
        for key, read in self._reads.items():
            if read.cancelled():
                continue
            error = read.exception()
            if error is None:
                self._values[key] = read.result()
            else:
                errors.append((key, error))
        if errors and exc is None:
            raise min(errors, key=lambda item: item[0])[1]


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
    with new_pool(1) as pool:
        while page:
            following = pool.submit(fetch, last_of(page[-1])) if len(page) == size else None
            yield page
            # Before it waits: only one page is held beside the one that arrives.
            del page
            page = following.result() if following is not None else []


class ReadAhead(Generic[T]):
    """Values of the page that is being used, read ahead once they are wanted one after another."""

    def __init__(self) -> None:
        self._page: dict[int, Callable[[], T]] = {}
        self._begun: dict[int, Future[T]] = {}
        self._taken = 0
        self._pool: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()

    def turn(self, page: dict[int, Callable[[], T]]) -> None:
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
                self._begin()
            self._page.pop(key, None)
            begun = self._begun.pop(key, None)
        if begun is None:
            return read()
        try:
            return begun.result()
        except CancelledError:
            return read()

    def _begin(self) -> None:
        if self._begun:
            return
        if self._pool is None:
            self._pool = new_pool(MOST_READERS)
        self._begun = {key: self._pool.submit(read) for key, read in self._page.items()}
        self._page = {}

    def _drop(self) -> None:
        for future in self._begun.values():
            future.cancel()
        self._begun = {}
        self._page = {}

    def stop(self) -> None:
        """Begin no more reads, and end the threads."""
        with self._lock:
            self._drop()
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)
