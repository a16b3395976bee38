"""What goes on beside a run on the loop of a dask.distributed client.

Not here: what is watched (see `events`, `unrunnable`).
"""

from __future__ import annotations

import asyncio
import contextlib
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import concurrent.futures


class Watch(contextlib.AbstractContextManager["Watch"], ABC):
    """Watches something of a cluster while it is entered.

    Args:
        client: the client of the cluster.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._task: concurrent.futures.Future[None] | None = None

    def __enter__(self) -> Watch:
        loop = getattr(self._client.loop, "asyncio_loop", None)
        if loop is not None:
            self._task = asyncio.run_coroutine_threadsafe(self._watch(), loop)
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    @abstractmethod
    async def _watch(self) -> None:
        """Watch until cancelled."""
