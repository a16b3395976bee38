"""What a dask.distributed scheduler remembers and tells: journals of runs, workers it has.

Not here: calls and their futures (see `cluster`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import tempfile
from typing import TYPE_CHECKING, Any

from prefect_results.executors.dask.shared import FileJournal
from prefect_results.executors.dask.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class SchedulerJournal:
    """A `Journal` in the event log of the scheduler, and in a file; used on its workers.

    The file is there as soon as a note is made, so that a worker that dies at once does not take
    the note along; another worker of the same machine finds it. On other machines a note is known
    a few milliseconds later, when the scheduler has it.

    Args:
        name: of the run; starts the names of its topics. Nobody else has it.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def add(self, topic: str, note: tuple[Any, ...]) -> None:
        """Keep a note here, and send it to the scheduler."""
        folder = folder_of(self._name)
        os.makedirs(folder, mode=0o700, exist_ok=True)
        FileJournal(folder).add(topic, note)
        worker = _worker()
        if worker is not None:
            worker.log_event(f"{self._name}-{topic}", list(note))

    def notes(self, topic: str) -> list[tuple[Any, ...]]:
        """The notes that the scheduler has, and those that are here."""
        from distributed.utils import sync

        found = FileJournal(folder_of(self._name)).notes(topic)
        worker = _worker()
        if worker is None:
            return found
        events = sync(worker.loop, worker.scheduler.events, topic=f"{self._name}-{topic}")
        return [tuple(note) for _, note in events] + found


def _worker() -> Any:
    """The worker that makes this call; None in a process that a worker started for it."""
    from distributed import get_worker

    try:
        return get_worker()
    except ValueError:
        return None


def folder_of(name: str) -> str:
    """Where the notes of a run lie on a machine.

    Args:
        name: of the run.
    """
    return os.path.join(tempfile.gettempdir(), name)


def forget_notes(name: str) -> None:
    """Remove the notes of a run from this machine."""
    import shutil

    shutil.rmtree(folder_of(name), ignore_errors=True)


def forget_topics(dask_scheduler: Any, prefix: str) -> None:
    """Drop the events of a run; runs on the scheduler.

    Args:
        dask_scheduler: the scheduler.
        prefix: of the names of the run's topics.
    """
    broker = getattr(dask_scheduler, "_broker", None)
    topics = dask_scheduler.events if broker is None else broker._topics
    for name in [name for name in topics if name.startswith(prefix)]:
        del topics[name]


class WorkerWatch(Watch):
    """Tells of workers that come and go while it is entered.

    Args:
        client: the client of the cluster.
        tell: an asynchronous function of `(op, message)`.
    """

    def __init__(self, client: Any, tell: Callable[[str, Any], Awaitable[None]]) -> None:
        super().__init__(client)
        self._tell = tell

    async def _watch(self) -> None:
        from distributed.core import rpc

        security = self._client.security.get_connection_args("client")
        connect: Any = rpc
        scheduler = connect(self._client.scheduler.address, connection_args=security)
        comm = None
        try:
            # Cancelled in the middle, this would close the listener of an in-process scheduler.
            comm = await asyncio.shield(scheduler.live_comm())
            await comm.write({"op": "subscribe_worker_status"})
            await comm.read()
            while True:
                for op, message in await comm.read():
                    await self._tell(op, message)
        except (OSError, asyncio.CancelledError):
            return
        except Exception:
            logger = logging.getLogger(__name__)
            logger.debug("Failure while watching dask worker events", exc_info=True)
        finally:
            with contextlib.suppress(Exception):
                if comm is not None:
                    await comm.close()
                await scheduler.close_rpc()
