"""Checkpoints that are stored while the tasks that follow run.

A value is serialized before anything else happens to it; its bytes are stored in another thread,
and the task run is announced as finished when they are. Not here: which runs do so.
"""

from __future__ import annotations

import contextlib
import threading
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from prefect_results.configuration import config
from prefect_results.context import context as ambient
from prefect_results.logging import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from concurrent.futures import Future
    from typing import TypeAlias

    from prefect_results.core import Flow
    from prefect_results.results.writing import UnfinishedWrite
    from prefect_results.states import State

    Failed: TypeAlias = Callable[[Exception], None]


class Behind(NamedTuple):
    """What a task run needs to have its value stored behind it.

    Attributes:
        uploads: of the flow run.
        replace: called with the state that takes the place of the run's, where that fails.
    """

    uploads: Uploads
    replace: Callable[[State], None]


class UploadLimits(NamedTuple):
    """How much is stored behind a run at the same time.

    Attributes:
        workers: number of threads that store.
        size: bytes that may wait or be under way; a larger value is stored alone.
    """

    workers: int
    size: int


def limits_of(flow: Flow, context: Mapping[str, Any]) -> UploadLimits | None:
    """The limits for a run of a flow, or None if it stores each value before it goes on.

    Args:
        flow: `flow.checkpoint_behind` decides; where it is None, `flows.checkpoint_behind` of the
            configuration does.
        context: of the run, with the run's configuration where it has one.
    """
    try:
        settings = context["config"]["flows"]
    except KeyError:
        settings = config.flows
    wanted = flow.checkpoint_behind
    if not (settings.get("checkpoint_behind") is True if wanted is None else wanted):
        return None
    return UploadLimits(
        int(settings.get("checkpoint_behind_workers", 8)),
        int(settings.get("checkpoint_behind_bytes", 256 * 1024 * 1024)),
    )


@contextlib.contextmanager
def uploads(limits: UploadLimits | None) -> Iterator[Uploads | None]:
    """Give the uploads of a block, which are over when it ends; None without limits.

    When the block raises, those that have not begun are dropped.
    """
    if limits is None:
        yield None
        return
    found = Uploads(limits)
    try:
        yield found
        found.drain()
    finally:
        found.close()


class Uploads:
    """What is stored behind one flow run, or one batch of it.

    Args:
        limits: how much at the same time.

    Attributes:
        limits: as given.
        begun: how many values were put.
    """

    def __init__(self, limits: UploadLimits) -> None:
        from concurrent.futures import ThreadPoolExecutor

        self.limits = limits
        self._pool = ThreadPoolExecutor(limits.workers, thread_name_prefix="prefect-upload")
        # Guards what follows; notified whenever an upload is over.
        self._changed = threading.Condition()
        self._size = 0
        self._under_way: dict[int, tuple[Future[None], UnfinishedWrite[Any], str]] = {}
        self.begun = 0
        self._failed: list[tuple[Failed, BaseException]] = []

    def put(
        self, write: UnfinishedWrite[Any], stored: Callable[[Any], None], failed: Failed
    ) -> None:
        """Store a value behind; waits while too much, or a value for the same place, is under way.

        Args:
            write: has the value, serialized.
            stored: called with the result in the thread that stored it, with the ambient context
                that `put` was called with.
            failed: called with the error by `settle` or `drain`.
        """
        size, number = write.size, self.begun
        self.begun += 1
        try:
            place = write.place
            with self._changed:
                self._changed.wait_for(lambda: self._has_room(size) and self._is_free(place))
                self._size += size
                call = partial(self._store, number, size, write, ambient.current(), stored, failed)
                self._under_way[number] = self._pool.submit(call), write, place
        except BaseException:
            write.abandon()
            raise

    def _has_room(self, size: int) -> bool:
        limits, count = self.limits, len(self._under_way)
        return not count or (self._size + size <= limits.size and count < 4 * limits.workers)

    def _is_free(self, place: str) -> bool:
        return all(other != place for _, _, other in self._under_way.values())

    def _store(
        self,
        number: int,
        size: int,
        write: UnfinishedWrite[Any],
        context: dict[str, Any],
        stored: Callable[[Any], None],
        failed: Failed,
    ) -> None:
        previous = ambient.swap(context)
        try:
            stored(write.finish())
        except BaseException as exc:
            self._failed.append((failed, exc))
        finally:
            ambient.swap(previous)
            with self._changed:
                self._size -= size
                del self._under_way[number]
                self._changed.notify_all()

    def wait(self, place: str | None = None) -> None:
        """Wait for what is under way; failures are told later.

        Args:
            place: wait for the writes with this one only; for all by default.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: not self._under_way if place is None else self._is_free(place)
            )

    def settle(self) -> None:
        """Tell of the failures up to now."""
        while self._failed:
            failed, error = self._failed.pop(0)
            if not isinstance(error, Exception):
                raise error
            failed(error)

    def drain(self) -> None:
        """Wait for all that is under way, then tell of the failures."""
        self.wait()
        self.settle()

    def close(self) -> None:
        """Drop what has not begun, wait for the rest, and end the threads."""
        with self._changed:
            waiting = list(self._under_way.values())
        dropped = [write for future, write, _ in waiting if future.cancel()]
        for write in dropped:
            write.abandon()
        if left := len(waiting) - len(dropped):
            get_logger("FlowRunner").warning(
                f"Waiting for {left} values that are being stored; {len(dropped)} that were not "
                "begun are dropped."
            )
        self._pool.shutdown(wait=True)
