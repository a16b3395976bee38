"""Reading many results at once: concurrently, in order, with a bound on what is in flight.

Not here: how one result is read; its type does that.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from prefect_results.results.base import Result

if TYPE_CHECKING:
    from concurrent.futures import Future

T = TypeVar("T")

# What a result is taken to need whose size is not known.
_USUAL = 1024 * 1024


def read_many(
    results_or_locations: Iterable[Result | str],
    max_workers: int = 16,
    max_bytes_in_flight: int = 256 * 1024 * 1024,
    *,
    template: Result | None = None,
) -> Iterator[Any]:
    """Read the values of results, several at a time; yield them in order.

    Nothing is read before the first value is asked for, and no more than the bounds allow before
    the next one is: a caller that reduces as it goes never holds all of them.

    Args:
        results_or_locations: results, which are deserialized, or locations of the template.
        max_workers: how many are read at a time, at most; 1 reads in the caller's thread.
        max_bytes_in_flight: bytes of data that are being read, or were read and not yet taken,
            at most; a larger value is read alone. The size is what the result says; where it
            does not, 1 MiB is assumed. 256 MiB by default.
        template: reads the locations; not needed where there are results only.

    Yields:
        Each value, in order.

    Raises:
        TypeError: if there is a location and no template.
        StorageError, DeserializationError: for the first one that cannot be read; those that are
            being read are waited for, and no other one is begun.
    """
    readers = [_reader(item, template) for item in results_or_locations]
    calls = [(partial(_read, *reader), size_in_flight(*reader)) for reader in readers]
    return in_order(calls, max_workers, max_bytes_in_flight)


def _reader(item: Result | str, template: Result | None) -> tuple[Result, str | None]:
    if isinstance(item, Result):
        return item, None
    if template is None:
        raise TypeError(f"The location {item!r:.200} can only be read with a template of results")
    return template, item


def in_order(
    calls: Sequence[tuple[Callable[[], T], int]],
    max_workers: int = 16,
    max_bytes_in_flight: int = 256 * 1024 * 1024,
) -> Iterator[T]:
    """Do several calls at a time, and yield what they return, in order; see `read_many`.

    Args:
        calls: each with the number of bytes that count for it.
        max_workers: how many are done at a time, at most.
        max_bytes_in_flight: of those that are being done, or are done and not yet taken.

    Raises:
        Exception: what the first call that fails raises; those after it are not begun.
    """
    workers, most = max(1, max_workers), max(1, max_bytes_in_flight)
    if workers == 1 or len(calls) < 2:
        for call, _ in calls:
            yield call()
        return
    from concurrent.futures import CancelledError, ThreadPoolExecutor

    from prefect_results.context import context

    # Secrets and the name of the task, which errors and clients look for.
    ambient = dict(context.current())
    stop = threading.Event()

    def done(call: Callable[[], T]) -> T:
        if stop.is_set():
            raise CancelledError
        before = context.swap(dict(ambient))
        try:
            return call()
        finally:
            context.swap(before)

    pool = ThreadPoolExecutor(min(workers, len(calls)), "prefect-results-read")
    pending: deque[tuple[Future[T], int]] = deque()
    in_flight = 0
    try:
        coming = iter(calls)
        item = next(coming, None)
        while item is not None or pending:
            while item is not None:
                call, size = item
                if pending and (in_flight + size > most or len(pending) >= 2 * workers):
                    break
                pending.append((pool.submit(done, call), size))
                in_flight += size
                item = next(coming, None)
            future, size = pending.popleft()
            value = future.result()
            in_flight -= size
            yield value
            del value, future
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)


def _read(result: Result, location: str | None) -> Any:
    if location is not None:
        return result.read(location).value
    if result.value is None and result.location is not None and not result.serialized:
        return result.read(result.location).value
    return result.deserialize().value


def is_far(result: Result, reader: Result | None = None) -> bool:
    """Whether the value of a result is to be read, from where that mostly means to wait.

    Args:
        result: the result.
        reader: reads its location instead of it; None if it reads itself.
    """
    if result.value is not None or result.location is None:
        return False
    return bool(getattr(result if reader is None else reader, "_far", False))


def size_in_flight(result: Result, location: str | None = None) -> int:
    """The bytes that reading a result counts for: what it says, 1 MiB if it does not."""
    if location is None and result.value is not None:
        return 0
    known = getattr(result, "size", None) if location is None else None
    return _USUAL if known is None else known
