"""How the children of a mapped task are cut into batches for an executor with several workers.

Batches of a task that maps over another mapped task follow that one's, so that a batch starts
when its own upstream batch is done. Otherwise their size follows from how long children take:
a few small batches are timed first.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from prefect_results.engine.batches import FutureBatches
from prefect_results.engine.calls import run_batch
from prefect_results.engine.children import Elements, Same, Upstream

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from prefect_results.core import Edge
    from prefect_results.engine.environment import Job
    from prefect_results.executors.base import Executor

# How long a batch is meant to take, in seconds: long beside the cost of sending it, short beside
# a run.
BATCH_SECONDS = 0.2
# How many batches each worker gets at least, so that none is idle at the end.
BATCHES_PER_WORKER = 4
# How much larger a batch may be than the one that was timed.
GROWTH = 32


def submit_batches(
    executor: Executor,
    environment: Any,
    name: str,
    job: Job,
    sources: Mapping[Edge, Any],
    number: int,
) -> FutureBatches:
    """Submit the children of a plain mapped task.

    Args:
        executor: with several workers.
        environment: the shared environment of the flow run.
        name: of the job.
        job: the task with its edges.
        sources: what the children get from each edge.
        number: of the task in the flow; later ones go first, so that runs go in depth.

    Returns:
        Futures of the batches.
    """

    def submit(start: int, stop: int) -> Any:
        given = [_part(sources[edge], start, stop) for edge in job.edges]
        extra = {
            "task_name": job.task.name,
            "task_tags": job.task.tags,
            "task_index": start,
            "task_number": number,
        }
        return executor.submit(
            run_batch, environment, name, start, stop, given, extra_context=extra
        )

    def item(future: Any, position: int) -> Any:
        import operator

        return executor.submit(operator.getitem, future, position)

    total = min(_length(source) for source in sources.values() if not isinstance(source, Same))
    followed = [
        source.states
        for source in sources.values()
        if isinstance(source, Upstream) and isinstance(source.states, FutureBatches)
    ]
    futures: list[Any] = []
    lengths: list[int] = []
    cuts = _cuts_of(followed[0], total) if followed else _timed_cuts(executor, total, futures)
    for start, stop in cuts:
        futures.append(submit(start, stop))
        lengths.append(stop - start)
    return FutureBatches(futures, lengths, item)


def _length(source: Any) -> int:
    """How many children a source has something for."""
    return len(source.values if isinstance(source, Elements) else source.states)


def _part(source: Any, start: int, stop: int) -> tuple[Any, ...]:
    """What a batch of children gets from a source."""
    if isinstance(source, Same):
        return ("same", source.state)
    if isinstance(source, Elements):
        values = source.values
        cut = (
            values[start:stop]
            if isinstance(values, (list, tuple, range, str))
            else [values[index] for index in range(start, stop)]
        )
        return ("items", _without_value(source.state), cut)
    states = source.states
    if isinstance(states, FutureBatches):
        return ("children", *states.between(start, stop))
    return ("children", (states[start:stop], 0, stop - start))


def _without_value(state: Any) -> Any:
    """An upstream state whose value travels in parts."""
    import copy

    bare = copy.copy(state)
    bare._result = state._result.from_value(None)
    return bare


def _cuts_of(batches: FutureBatches, total: int) -> Iterator[tuple[int, int]]:
    start = 0
    for length in batches.lengths:
        stop = min(start + length, total)
        if start < stop:
            yield start, stop
        start = stop


def _timed_cuts(executor: Executor, total: int, futures: list[Any]) -> Iterator[tuple[int, int]]:
    """Cuts of growing size: each wave of batches is timed, until the size is right.

    Args:
        executor: tells how many workers there are, and what is done.
        total: how many children there are.
        futures: what was submitted of the cuts so far.
    """
    workers = executor.parallelism()
    start, size = 0, 1
    while start < total:
        rest = total - start
        most = max(1, math.ceil(rest / (workers * BATCHES_PER_WORKER)))
        wave = size < most and rest > workers
        size = min(size, most)
        stop = min(start + size * workers, total) if wave else total
        submitted = len(futures)
        for first in range(start, stop, size):
            yield first, min(first + size, stop)
        start = stop
        if wave and start < total:
            seconds = _seconds(executor, futures[submitted:], size)
            if seconds is None:
                # Not even one was done: children take long, so each is a batch of its own.
                size = 1
                yield from ((first, first + 1) for first in range(start, total))
                return
            best = int(BATCH_SECONDS / max(seconds, 1e-7))
            if best <= size:
                size = max(1, best)
                yield from (
                    (first, min(first + size, total)) for first in range(start, total, size)
                )
                return
            size = min(best, size * GROWTH)


def _seconds(executor: Executor, futures: list[Any], size: int) -> float | None:
    """How long a child takes, as the first of some batches that is done tells."""
    done = executor.first_done(futures, timeout=2 * BATCH_SECONDS)
    if not done:
        return None
    batch = executor.wait(done[0])
    seconds: float = batch.seconds / size
    return seconds
