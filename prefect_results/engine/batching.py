"""How the children of a mapped task are cut into batches for an executor with several workers.

A few small batches are timed first; the size of the others follows. What workers need before
their first call (to start, to import, to receive the flow) is not timed. Batches of a task that
maps over another mapped task never reach over two of that one's, so that each starts when its own
upstream batch is done.
"""

from __future__ import annotations

import contextlib
import copy
import itertools
import math
import time
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from prefect_results.context import context as ambient
from prefect_results.engine.batch_calls import behind, run_batch
from prefect_results.engine.children import Elements, Items, Same, Upstream
from prefect_results.engine.future_batches import FutureBatches
from prefect_results.engine.lost import batch_alone
from prefect_results.engine.submission import failed
from prefect_results.engine.unsendable import not_sent, sendable_items
from prefect_results.engine.waiting import Wait

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from prefect_results.core import Edge
    from prefect_results.engine.environment import Job
    from prefect_results.executors.base import Executor

# How long a batch is meant to take, in seconds: long beside the cost of sending it, short beside
# a run.
BATCH_SECONDS = 0.5
# Into how many the last batch of each worker is cut, so that all end at about the same time.
LAST = 4
# How many batches each worker gets at least, so that none is idle at the end.
BATCHES_PER_WORKER = 4
# How much larger a batch may be than the one that was timed.
GROWTH = 32
# How many batches each worker gets at once while they are timed: it has one to go on with while
# the next ones are cut.
AHEAD = 2
# How long the first batches may take, in seconds, before the others are submitted untimed.
PATIENCE = 1.0
# How long the first worker may take, in seconds, before that time begins.
ARRIVAL = 30.0
# How many batches there are at most, where children were timed and where they were not.
TIMED, UNTIMED = 8192, 1024
# How many batches are submitted together: enough to be cheap, few enough to start soon.
TOGETHER = 256


Submission = Generator[Wait, None, FutureBatches]


class Batching:
    """Cuts and submits the children of one mapped task.

    Args:
        executor: with several workers.
        environment: the shared environment of the flow run.
        name: of the job.
        job: the task with its edges.
        sources: what the children get from each edge.
        reduced: the children of mapped upstream tasks that each child reduces; see
            `calls.run_job`.
        number: of the task in the flow; later ones go first, so that runs go in depth.
        group: a name for these calls that no others have.
        arrived: future of a call that shows that a worker has the environment.
    """

    def __init__(
        self,
        executor: Executor,
        environment: Any,
        name: str,
        job: Job,
        sources: Mapping[Edge, Any],
        reduced: Mapping[int, Sequence[Any]],
        number: int,
        group: str,
        arrived: Any,
    ) -> None:
        self._executor = executor
        self._environment = environment
        self._name = name
        self._job = job
        self._sources = sources
        self._reduced = reduced
        self._extra = {
            "task_name": job.task.name,
            "task_tags": job.task.tags,
            "task_number": number,
            "task_group": group,
        }
        if not ambient.get("raise_on_exception"):
            self._extra["instead"] = batch_alone
        self._arrived = arrived
        self._numbers = itertools.count()
        self._bare_states: dict[Edge, Any] = {}
        self._futures: list[Any] = []
        self._starts: list[Any] = []
        self._given_to_all: dict[Edge, tuple[Any, ...]] = {}

    def submit(self) -> Submission:
        """Submit the batches; a generator of what it waits for, which returns them."""
        followed = self._followed()
        if followed is not None and followed.total is None:
            self._submit_flat(followed)
            return FutureBatches(self._futures, self._starts, None, self._item)
        total = min(
            _length(source) for source in self._sources.values() if not isinstance(source, Same)
        )
        bounds = [total] if followed is None else [stop for _, _, stop in followed.parts()]
        yield from self._submit_timed(total, bounds)
        return FutureBatches(self._futures, self._starts, total, self._item)

    def _followed(self) -> FutureBatches | None:
        for source in self._sources.values():
            if isinstance(source, Upstream) and isinstance(source.states, FutureBatches):
                return source.states
        return None

    def _submit_flat(self, flat: FutureBatches) -> None:
        """Submit a batch for each one of flattened states, whose lengths are not known yet."""
        calls = []
        for future, start in zip(flat.futures, flat.starts, strict=True):
            given = [
                self._same(edge) if isinstance(self._sources[edge], Same) else _whole(future)
                for edge in self._job.edges
            ]
            calls.append((start, None, given))
        self._submit_calls(calls)

    def _submit_timed(self, total: int, bounds: Sequence[int]) -> Generator[Wait, None, None]:
        """Submit batches of growing size: waves of them are timed, until the size is right."""
        workers = self._executor.parallelism()
        start, size, is_first = 0, 1, True
        while start < total:
            rest = total - start
            most = max(1, math.ceil(rest / (workers * BATCHES_PER_WORKER)))
            if size >= most or rest <= workers * AHEAD:
                self._submit_cuts(_cuts(start, total, min(size, most), bounds))
                return
            wave = list(_first(workers * AHEAD, _cuts(start, total, size, bounds)))
            yield from self._inputs_of(wave)
            submitted = len(self._futures)
            self._submit_cuts(wave)
            start = wave[-1][1]
            yield from self._first_of(self._futures[submitted:])
            seconds = self._seconds(submitted, wave)
            best = 0 if seconds is None else int(BATCH_SECONDS / max(seconds, 1e-7))
            if seconds is None or (best <= size and not is_first):
                limit = max(UNTIMED if seconds is None else TIMED, workers * BATCHES_PER_WORKER)
                least = max(1, math.ceil((total - start) / limit))
                size = max(least, best)
                last = max(start, total - workers * size)
                self._submit_cuts(_cuts(start, last, size, bounds))
                self._submit_cuts(_cuts(last, total, max(least, size // LAST), bounds))
                return
            # A first call may be slow because of what it imports: it does not decide alone.
            is_first = False
            size = max(1, min(best, size * GROWTH))

    def _first_of(self, wave: Sequence[Any]) -> Iterator[Wait]:
        """Wait until one batch of a wave is done, or takes long on a worker that is ready."""
        if not self._arrived.done():
            yield Wait([self._arrived, *wave], time.monotonic() + ARRIVAL, for_all=False)
        yield Wait(wave, time.monotonic() + PATIENCE, for_all=False)

    def _inputs_of(self, wave: Sequence[tuple[int, int]]) -> Iterator[Wait]:
        """Wait for what the first batch of a wave needs, which is not to be timed."""
        start, stop = wave[0]
        for source in self._sources.values():
            if isinstance(source, Upstream) and isinstance(source.states, FutureBatches):
                yield Wait([future for future, _, _ in source.states.between(start, stop)])

    def _seconds(self, submitted: int, wave: Sequence[tuple[int, int]]) -> float | None:
        """How long a child takes, as the batches of a wave that are done tell."""
        for future, (start, stop) in zip(self._futures[submitted:], wave, strict=True):
            if future.done():
                # What came to grief has no time; it is told when states are waited for.
                with contextlib.suppress(Exception):
                    batch = self._executor.wait(future)
                    seconds: float = batch.seconds / (stop - start)
                    return seconds
        return None

    def _submit_cuts(self, cuts: Iterable[tuple[int, int]]) -> None:
        edges = self._job.edges
        self._submit_calls(
            [
                (start, stop - start, [self._part(edge, start, stop) for edge in edges])
                for start, stop in cuts
            ]
        )

    def _submit_calls(self, calls: Sequence[tuple[Any, int | None, list[Any]]]) -> None:
        """Submit batches: of each the map index of the first child, how many, what they get."""
        for first in range(0, len(calls), TOGETHER):
            some = calls[first : first + TOGETHER]
            try:
                futures = self._executor.submit_all(
                    run_batch, [self._arguments(*call) for call in some], self._extras(some)
                )
            except Exception:
                futures = [self._submit_call(*call) for call in some]
            self._futures += futures
            self._starts += [start for start, _, _ in some]

    def _submit_call(self, start: Any, count: int | None, given: list[Any]) -> Any:
        """Submit one batch; where that cannot be done, its children failed."""
        arguments, (extra,) = self._arguments(start, count, given), self._extras([start])
        try:
            return self._executor.submit(run_batch, *arguments, extra_context=extra)
        except Exception as exc:
            state = failed(self._job.task, exc)
            return self._executor.submit(_copies, state, count or 1)

    def _arguments(self, start: Any, count: int | None, given: list[Any]) -> tuple[Any, ...]:
        return (self._environment, self._name, start, count, given, self._reduced)

    def _extras(self, calls: Sequence[Any]) -> list[dict[str, Any]]:
        """What is known about the next calls; each has a number that no other call has."""
        return [{**self._extra, "task_index": next(self._numbers)} for _ in calls]

    def _part(self, edge: Edge, start: int, stop: int) -> tuple[Any, ...]:
        """What a batch of children gets from the source of an edge."""
        source = self._sources[edge]
        if isinstance(source, Same):
            return self._same(edge)
        if isinstance(source, Elements):
            values = source.values
            cut = (
                list(values[start:stop])
                if isinstance(values, (list, tuple, range, str))
                else [values[index] for index in range(start, stop)]
            )
            wrong = None
            if self._executor.uses_processes:
                cut, wrong = sendable_items(edge.key, cut)
            return ("items", self._bare(edge), Items(cut, wrong or None))
        states = source.states
        if isinstance(states, FutureBatches):
            return ("children", *states.between(start, stop))
        return ("children", (states[start:stop], 0, stop - start))

    def _bare(self, edge: Edge) -> Any:
        """The upstream state of an edge without its value, which travels in parts."""
        if edge not in self._bare_states:
            self._bare_states[edge] = _without_value(self._sources[edge].state)
        return self._bare_states[edge]

    def _same(self, edge: Edge) -> tuple[Any, ...]:
        """What all children get from an edge; looked at once."""
        if edge not in self._given_to_all:
            state = self._sources[edge].state
            what = None
            if self._executor.uses_processes and not state._result.serialized:
                what = not_sent(edge.key, state.result)
            given = ("same", state) if what is None else ("unsendable", self._bare(edge), what)
            self._given_to_all[edge] = given
        return self._given_to_all[edge]

    def _item(self, future: Any, position: int) -> Any:
        import operator

        return self._executor.submit(operator.getitem, future, position)


def _copies(state: Any, count: int) -> list[Any]:
    return [copy.copy(state) for _ in range(count)]


def flat_starts(executor: Executor, futures: Sequence[Any]) -> list[Any]:
    """The map index of the first state of each of some batches: futures, but for the first.

    Args:
        executor: that the futures are of.
        futures: of batches of states.
    """
    starts: list[Any] = [0]
    for future in futures[:-1]:
        starts.append(executor.submit(behind, starts[-1], future))
    return starts[: len(futures)]


def _whole(future: Any) -> tuple[Any, ...]:
    return ("children", (future, 0, None))


def _length(source: Any) -> int:
    """How many children a source has something for."""
    return len(source.values if isinstance(source, Elements) else source.states)


def _without_value(state: Any) -> Any:
    """An upstream state whose value travels in parts."""
    bare = copy.copy(state)
    bare._result = state._result.from_value(None)
    return bare


def _cuts(start: int, total: int, size: int, bounds: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Cut a range into pieces of about a size, none of which reaches over a bound."""
    for bound in bounds:
        stop = min(bound, total)
        if start >= stop:
            continue
        pieces = math.ceil((stop - start) / size)
        for piece in range(pieces, 0, -1):
            last = start + math.ceil((stop - start) / piece)
            yield start, last
            start = last


def _first(count: int, cuts: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    for _, cut in zip(range(count), cuts, strict=False):
        yield cut
