"""Reading many results at once: concurrently, in order, with a bound on what is in flight.

Not here: how one result is read; its type does that.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from prefect_results.results.base import Result

if TYPE_CHECKING:
    from concurrent.futures import Future

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
    items = [_reader(item, template) for item in results_or_locations]
    return _values(items, max(1, max_workers), max(1, max_bytes_in_flight))


def _reader(item: Result | str, template: Result | None) -> tuple[Result, str | None]:
    if isinstance(item, Result):
        return item, None
    if template is None:
        raise TypeError(f"The location {item!r:.200} can only be read with a template of results")
    return template, item


def _values(items: list[tuple[Result, str | None]], workers: int, most: int) -> Iterator[Any]:
    if workers == 1 or len(items) < 2:
        for result, location in items:
            yield _read(result, location)
        return
    from concurrent.futures import ThreadPoolExecutor

    from prefect_results.context import context

    # Secrets and the name of the task, which errors and clients look for.
    ambient = dict(context.current())
    stop = threading.Event()

    def read(result: Result, location: str | None) -> Any:
        if stop.is_set():
            return None
        before = context.swap(dict(ambient))
        try:
            return _read(result, location)
        finally:
            context.swap(before)

    pool = ThreadPoolExecutor(min(workers, len(items)), "prefect-results-read")
    pending: deque[tuple[Future[Any], int]] = deque()
    in_flight = 0
    try:
        coming = iter(items)
        item = next(coming, None)
        while item is not None or pending:
            while item is not None:
                size = _size(*item)
                if pending and (in_flight + size > most or len(pending) >= 2 * workers):
                    break
                pending.append((pool.submit(read, *item), size))
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


def _size(result: Result, location: str | None) -> int:
    if location is None and result.value is not None:
        return 0
    known = getattr(result, "size", None) if location is None else None
    return _USUAL if known is None else known
