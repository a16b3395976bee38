"""Kill workers under a running flow: `python -m benchmarks.chaos [CHILDREN]`.

A cluster of two worker processes runs a flow with mapped, checkpointed children; every two
seconds one of the workers gets SIGKILL. Prints how long that took, how many children were run
again, and how many of these although their values had been written and noted. Each kill may cost
what the threads of the worker were doing just then, and nothing else.
"""

from __future__ import annotations

import argparse
import collections
import os
import random
import signal
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import cloudpickle

import prefect_results
from prefect_results import Flow, task
from prefect_results.executors import DaskExecutor
from prefect_results.results import LocalResult


class Figures(NamedTuple):
    """What a run under fire came to.

    Attributes:
        state: of the flow run, as text.
        children: how many there were.
        lost: how many of them have no value, or a wrong one.
        kills: how many workers were killed.
        again: how many children were run more than once.
        most: how often the one was run that was run most often.
        written: how many were run again after their values had been written.
        seconds: how long it took.
    """

    state: str
    children: int
    lost: int
    kills: int
    again: int
    most: int
    written: int
    seconds: float

    def is_good(self, threads: int) -> bool:
        """Whether nothing was lost, and no kill cost more than what its worker was doing.

        Args:
            threads: of each worker.
        """
        return (
            self.state == "Success"
            and not self.lost
            and self.again <= self.kills * threads
            and self.written <= self.kills * threads
        )


class Killer(threading.Thread):
    """Kills one of a cluster's workers again and again, until it is told to stop.

    Args:
        cluster: a `LocalCluster`.
        period: seconds between kills.
        chance: chooses the worker.
    """

    def __init__(self, cluster: Any, period: float, chance: random.Random) -> None:
        super().__init__(daemon=True)
        self.kills = 0
        self._cluster = cluster
        self._period = period
        self._chance = chance
        self._ends = threading.Event()

    def run(self) -> None:
        """Kill, until the end."""
        while not self._ends.wait(self._period):
            alive = [
                nanny.process.pid
                for nanny in list(self._cluster.workers.values())
                if nanny.process is not None and nanny.process.pid
            ]
            if alive:
                os.kill(self._chance.choice(alive), signal.SIGKILL)
                self.kills += 1

    def stop(self) -> None:
        """End it."""
        self._ends.set()
        self.join()


def chaos_flow(folder: Path, children: int, seconds: float) -> tuple[Flow, Any, Any]:
    """A flow with checkpointed children that note when they start and when they have been written.

    Args:
        folder: where values and notes are written.
        children: how many.
        seconds: how long each takes.

    Returns:
        The flow, its mapped task and the task that adds up.
    """
    log = str(folder / "log")

    @task(result=LocalResult(dir=str(folder / "values"), location="{map_index}.pickle"))
    def work(x: int) -> int:
        handle = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        written = os.path.exists(folder / "values" / f"{x}.pickle")
        os.write(handle, f"{x} {int(written)}\n".encode())
        os.close(handle)
        time.sleep(seconds)
        return 2 * x

    @task
    def total(xs: list[int]) -> int:
        return sum(xs)

    with Flow("chaos") as flow:
        worked = work.map(list(range(children)))
        added = total(worked)
    return flow, worked, added


def run(children: int, seconds: float, period: float, threads: int, seed: int) -> Figures:
    """Run the flow under fire.

    Args:
        children: how many there are.
        seconds: how long each takes.
        period: seconds between kills.
        threads: of each of the two workers.
        seed: chooses which worker is killed.
    """
    from distributed import LocalCluster

    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    with tempfile.TemporaryDirectory() as name, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder = Path(name)
        flow, worked, added = chaos_flow(folder, children, seconds)
        with LocalCluster(
            n_workers=2,
            threads_per_worker=threads,
            processes=True,
            dashboard_address=None,
            silence_logs=50,
        ) as cluster:
            killer = Killer(cluster, period, random.Random(seed))
            started = time.perf_counter()
            killer.start()
            with prefect_results.context(checkpointing=True):
                state = flow.run(executor=DaskExecutor(address=cluster.scheduler_address))
            took = time.perf_counter() - started
            killer.stop()
        notes = [line.split() for line in (folder / "log").read_text().splitlines()]
        runs = collections.Counter(int(x) for x, _ in notes)
        results = state.result[worked].result if state.is_successful() else []
        right = sum(value == 2 * x for x, value in enumerate(results or []))
        if state.is_successful() and state.result[added].result != sum(range(children)) * 2:
            right = 0
        return Figures(
            state=type(state).__name__,
            children=children,
            lost=children - right,
            kills=killer.kills,
            again=sum(count > 1 for count in runs.values()),
            most=max(runs.values()),
            written=sum(written == "1" for _, written in notes),
            seconds=took,
        )


def main() -> int:
    """Returns 1 if something was lost, or run again for no reason."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos", description=__doc__)
    parser.add_argument("children", nargs="?", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=0.02, help="that each child takes")
    parser.add_argument("--period", type=float, default=2.0, help="seconds between kills")
    parser.add_argument("--threads", type=int, default=1, help="of each worker")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    figures = run(**vars(options))
    for name, value in figures._asdict().items():
        print(f"{name:10}{value:>10.1f}" if name == "seconds" else f"{name:10}{value:>10}")
    return int(not figures.is_good(options.threads))


if __name__ == "__main__":
    raise SystemExit(main())
