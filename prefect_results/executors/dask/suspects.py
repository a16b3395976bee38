"""The calls of a run that a dask.distributed scheduler says to have killed their workers.

The scheduler blames whatever a worker had to do when it died, be it running or only waiting
there. What is blamed is tried again, in a way that tells who did it: by what the caller of
`Executor.submit` gave as `instead`. Workers hear by a plugin which calls these are.
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from distributed import KilledWorker
from distributed.diagnostics.plugin import WorkerPlugin

from prefect_results.executors.dask.sealed import Sealed, accused

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterable

# How often a call is tried again of which the scheduler says that it killed its workers.
RESTARTS = 3


class Suspects:
    """The calls of one run, and which of them are suspected.

    Args:
        client: of the cluster.
        name: of the run; nobody else has it.
        logger: hears of it.

    Attributes:
        futures: what is to be called instead of each call, or None, by its future.
    """

    def __init__(self, client: Any, name: str, logger: logging.Logger) -> None:
        self.futures: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
        self._client = client
        self._name = name
        self._logger = logger
        self._restarts: Counter[Any] = Counter()
        self._accused: dict[Any, Sealed] = {}
        self._lock = threading.Lock()

    def add(self, futures: Iterable[Any], instead: Any = None) -> None:
        """Take down what was submitted."""
        for future in futures:
            self.futures[future] = instead

    def retry(self) -> bool:
        """Try again what stopped because workers died; whether there was something to try."""
        with self._lock:
            return self._retry()

    def _retry(self) -> bool:
        lost: list[Any] = []
        blamed: dict[Any, Exception] = {}
        instead = {}
        for future, own in list(self.futures.items()):
            instead[future.key] = own
            if future.status == "error" and isinstance(exc := future.exception(), KilledWorker):
                # The call that is blamed may be one that this one waits for.
                if self._restarts[exc.task] >= RESTARTS:
                    continue
                lost.append(future.key)
                blamed[exc.task] = exc
        if not lost:
            return False
        self._restarts.update(blamed.keys())
        new = {
            key: Sealed((instead[key], exc))
            for key, exc in blamed.items()
            if instead.get(key) is not None and key not in self._accused
        }
        self._logger.warning("Workers died; %d calls are tried again.", len(lost))
        if new:
            self._accused.update(new)
            plugin = Accusation(self._name, self._accused)
            self._client.register_plugin(plugin, name=self._name)
        self._client.sync(_retry, self._client, lost)
        return True

    def forget(self) -> None:
        """Have the workers forget the suspects."""
        if self._accused:
            self._client.unregister_worker_plugin(self._name)


class Accusation(WorkerPlugin):
    """Tells a worker which calls are suspected.

    Args:
        name: of the run.
        calls: for each key, sealed, what is to be called instead and the error.
    """

    def __init__(self, name: str, calls: dict[Any, Sealed]) -> None:
        self.name = name
        self._calls = dict(calls)

    def setup(self, worker: Any) -> None:
        """Tell the worker."""
        accused[self.name] = self._calls

    def teardown(self, worker: Any) -> None:
        """Have the worker forget it."""
        accused.pop(self.name, None)


async def _retry(client: Any, keys: list[Any]) -> None:
    # `Client.retry` fails where it no longer has the future of what another one waits for.
    for key in await client.scheduler.retry(keys=keys, client=client.id):
        state = client.futures.get(key)
        if state is not None:
            state.retry()
