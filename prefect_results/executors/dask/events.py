"""What a dask.distributed scheduler remembers and tells: journals of runs, workers it has.

Not here: calls and their futures (see `cluster`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import concurrent.futures
    from collections.abc import Awaitable, Callable


class SchedulerJournal:
    """A `Journal` in the event log of the scheduler; used on its workers.

    Args:
        name: of the run; starts the names of its topics.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def add(self, topic: str, note: tuple[Any, ...]) -> None:
        """Send a note to the scheduler; it leaves the worker within milliseconds."""
        from distributed import get_worker

        get_worker().log_event(f"{self._name}-{topic}", list(note))

    def notes(self, topic: str) -> list[tuple[Any, ...]]:
        """The notes that the scheduler has."""
        from distributed import get_worker
        from distributed.utils import sync

        worker = get_worker()
        name = f"{self._name}-{topic}"
        events = sync(worker.loop, worker.scheduler.events, topic=name)
        return [tuple(note) for _, note in events]


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


class WorkerWatch(contextlib.AbstractContextManager["WorkerWatch"]):
    """Tells of workers that come and go while it is entered.

    Args:
        client: the client of the cluster.
        tell: an asynchronous function of `(op, message)`.
    """

    def __init__(self, client: Any, tell: Callable[[str, Any], Awaitable[None]]) -> None:
        self._client = client
        self._tell = tell
        self._task: concurrent.futures.Future[None] | None = None

    def __enter__(self) -> WorkerWatch:
        loop = getattr(self._client.loop, "asyncio_loop", None)
        if loop is not None:
            self._task = asyncio.run_coroutine_threadsafe(self._watch(), loop)
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

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
