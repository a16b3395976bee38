"""Who says that calls wait because no worker of a dask.distributed cluster may make them."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from prefect_results.executors.dask.watch import Watch

if TYPE_CHECKING:
    import logging

# How often the scheduler is asked, in seconds.
INTERVAL = 5.0


class UnrunnableWatch(Watch):
    """Warns, while it is entered, of calls that no worker may make, and of a lack of workers.

    They may come yet, so nothing is done about it. What was there for two looks is told once.

    Args:
        client: the client of the cluster.
        logger: is told.
    """

    def __init__(self, client: Any, logger: logging.Logger) -> None:
        super().__init__(client)
        self._logger = logger

    async def _watch(self) -> None:
        told: set[str] = set()
        before: set[str] = set()
        with contextlib.suppress(Exception):
            look = _look()
            while True:
                await asyncio.sleep(INTERVAL)
                found = await self._client._run_on_scheduler(look, client=self._client.id)
                seen = set(_words(*found))
                for text in sorted((seen & before) - told):
                    self._logger.warning(text)
                told = (told | before) & seen
                before = seen


def _look() -> Any:
    # Sent by value, as the scheduler may be without this library.
    def look(dask_scheduler: Any, client: str) -> tuple[Any, ...]:
        def wanted(task: Any) -> bool:
            return any(who.client_key == client for who in task.who_wants or ())

        def name(key: Any) -> str:
            return str(key[0] if isinstance(key, tuple) else key).rpartition("-")[0]

        waiting = (
            sum(map(wanted, dask_scheduler.tasks.values())) if not dask_scheduler.workers else 0
        )
        lacking = {
            (name(task.key), tuple(sorted((task.resource_restrictions or {}).items())))
            for task in dask_scheduler.unrunnable
            if wanted(task) and task.resource_restrictions
        }
        offered = {
            resource: max(amounts.values())
            for resource, amounts in dask_scheduler.resources.items()
            if amounts
        }
        return waiting, sorted(lacking), offered, len(dask_scheduler.workers)

    return look


def _words(
    waiting: int, lacking: list[tuple[str, Any]], offered: dict[str, float], workers: int
) -> list[str]:
    if waiting:
        return [
            "The Dask cluster has no workers; calls wait until there are some. Look at the logs of "
            "the workers, if there were any."
        ]
    there = _amounts(offered.items()) or "no resources"
    return [
        f"Task '{name}' waits for a worker that has {_amounts(wanted)}, as its tags say, but the "
        f"cluster's {workers} workers offer {there} at most; start one with "
        f'`dask worker --resources "{_amounts(wanted, " ")}"`, or change the tags.'
        for name, wanted in lacking
    ]


def _amounts(resources: Any, between: str = ", ") -> str:
    return between.join(f"{name}={amount:g}" for name, amount in resources)
