"""How the calls of a run that is broken off are cancelled on a dask.distributed cluster."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import logging
    from collections.abc import Sequence


def cancel(client: Any, futures: Sequence[Any], logger: logging.Logger, waits: bool) -> None:
    """Cancel what was submitted and is not done.

    Args:
        client: of the cluster.
        futures: of all calls of the run.
        logger: hears of it.
        waits: whether to wait for what runs and cannot be stopped, also where workers are other
            processes.
    """
    pending = [future for future in futures if not future.done()]
    if not pending:
        return
    logger.info("Cancelling %d calls that are not finished...", len(pending))
    _quiet_loop(client)
    with contextlib.suppress(Exception):
        client.cancel(pending, force=True)
    if waits or client.scheduler.address.startswith("inproc"):
        _wait_for_running(client, futures, logger)


def _wait_for_running(client: Any, futures: Sequence[Any], logger: logging.Logger) -> None:
    """Wait until the workers have left the calls that were running when they were cancelled."""
    import time

    told = False
    with contextlib.suppress(Exception):
        while running := sum(map(len, _executing(client, futures).values())):
            if not told:
                logger.info("Stopping executor, waiting for %d active tasks to complete", running)
                told = True
            time.sleep(0.1)


def _executing(client: Any, futures: Sequence[Any]) -> dict[str, list[Any]]:
    keys = {str(future.key) for future in futures}

    def executing(dask_worker: Any) -> list[str]:
        found = {str(key) for key in dask_worker.active_keys}
        return sorted(found & keys)

    answers: dict[str, list[Any]] = client.run(executing)
    return answers


def _quiet_loop(client: Any) -> None:
    """Keep a client's loop from telling of the calls that nobody waits for any more."""
    from distributed.client import AllExit

    def tell(loop: Any, context: dict[str, Any]) -> None:
        if not isinstance(context.get("exception"), AllExit):
            loop.default_exception_handler(context)

    loop = getattr(client.loop, "asyncio_loop", None)
    if loop is not None:
        loop.call_soon_threadsafe(loop.set_exception_handler, tell)
