"""Flows on a dask.distributed cluster of two processes, beside 1.4.1 and what is written by hand.

Each library has a cluster of its own; they take turns. The memory is by how much each process
grew at its peak, beyond what it had when the workload began.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from statistics import median

from benchmarks.clusters import LIMIT, WORKERS, Cluster, Measured
from benchmarks.report import Row, at_most, compared, within
from benchmarks.workers import WorkloadFailed

TITLE = f"Executors: Dask with {WORKERS} workers of one thread (batches: client.map by hand)"
NAMES = {
    "batches": "client.map in batches, pickled",
    "lists": "client.map in batches, lists",
    "plain": "client.map",
    "patched": "1.4.1 patched",
    "legacy": "1.4.1",
}
#: What the peer is given: the workload, words for it, how many children.
QUICK_WORKLOADS = [("mapped", "map of", 100)]
WORKLOADS = [
    ("mapped", "map of", 1_000),
    ("map_of_map", "map of map", 1_000),
    ("reduced", "reduce over", 1_000),
    ("mapped", "map of", 10_000),
    ("map_of_map", "map of map", 10_000),
    ("reduced", "reduce over", 10_000),
    ("mapped", "map of", 100_000),
]
#: How many children of 50 ms there are; what they would take if nothing else did.
PAUSES = 1_000
IDEAL = PAUSES * 0.05 / WORKERS


def run(quick: bool = False) -> Iterator[Row]:
    """Measure; `quick` leaves the peer as installed and most repetitions out."""
    with contextlib.ExitStack() as stack:
        clusters: dict[str, Cluster] = {}

        def measured(library: str, workload: str, n: int) -> Measured:
            if library not in clusters:
                clusters[library] = Cluster(library)
                stack.callback(clusters[library].close)
            return clusters[library].run(workload, n)

        def turns(workload: str, n: int, libraries: list[str]) -> dict[str, list[Measured]]:
            found: dict[str, list[Measured]] = {library: [] for library in libraries}
            for _ in range(1 if quick else 3):
                for library in libraries:
                    found[library].append(measured(library, workload, n))
            return found

        yield from _maps(turns, quick)
        for workload, words in (("map_of_map", "map of map"), ("reduced", "reduce over")):
            times = _seconds(turns(workload, 10_000, ["ours", "batches"]))
            name = f"{words} 10,000"
            yield compared(name, times["ours"], NAMES["batches"], times["batches"], "s")
            if not quick:
                theirs = measured("plain", workload, 10_000).seconds
                yield compared(name, times["ours"], NAMES["plain"], theirs, "s")
        once = measured("ours", "paused", PAUSES).seconds
        yield within(f"{PAUSES:,} children of 50 ms", once, "ideal", IDEAL, 1 / 0.95, "s")
        yield from _peers(measured, quick)


def _maps(turns, quick: bool) -> Iterator[Row]:  # type: ignore[no-untyped-def]
    for n in (1_000, 10_000, 100_000):
        found = turns("mapped", n, ["ours", "batches"])
        times, name = _seconds(found), f"map of {n:,}"
        ours, peer, theirs = times["ours"], NAMES["batches"], times["batches"]
        if n == 100_000:
            yield within(name, ours, peer, theirs, 1.5, "s")
        else:
            yield compared(name, ours, peer, theirs, "s")
        if n <= (1_000 if quick else 10_000):
            for library in ("lists", "plain"):
                theirs = turns("mapped", n, [library])[library][0].seconds
                yield compared(name, ours, NAMES[library], theirs, "s")
    for process in ("client", "scheduler", "worker"):
        mine, theirs = (
            max(getattr(one, process) for one in found[library]) / 2**20
            for library in ("ours", "batches")
        )
        yield compared(f"memory of the {process}, map of 100,000", mine, peer, theirs, "MB")
    # The first run is the one that a scheduler grows by.
    grown = max(one.scheduler for one in found["ours"])
    yield at_most("scheduler memory per child, map of 100,000", grown / 100_000, 1024, "B")


def _peers(measured, quick: bool) -> Iterator[Row]:  # type: ignore[no-untyped-def]
    """The peer, where it finishes in time: it is given more only while it does."""
    workloads = QUICK_WORKLOADS if quick else WORKLOADS
    for library in ("patched",) if quick else ("patched", "legacy"):
        per_run = 0.0
        for workload, words, n in workloads:
            name, runs = f"{words} {n:,}", n * (1 + (workload == "map_of_map"))
            if per_run * runs > LIMIT:
                print(f"{NAMES[library]}: {name} left out: about {per_run * runs:,.0f} s")
                continue
            try:
                theirs = measured(library, workload, n)
            except WorkloadFailed as exc:
                print(f"left out: {exc}")
                continue
            per_run = theirs.seconds / runs
            ours = measured("ours", workload, n)
            yield compared(name, ours.seconds, NAMES[library], theirs.seconds, "s")
            for process in ("client", "scheduler", "worker"):
                mine, its = (getattr(one, process) / n for one in (ours, theirs))
                row = f"memory of the {process} per child, {name}"
                yield Row(row, mine, "B", NAMES[library], its)


def _seconds(found: dict[str, list[Measured]]) -> dict[str, float]:
    return {library: median(one.seconds for one in several) for library, several in found.items()}
