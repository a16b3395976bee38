"""Processes race for one target: `python -m benchmarks.races [--storage local|shared|s3 ...]`.

Many long-lived processes begin a flow run with the same target at the same instant, again and
again; the target is to be computed once each time. Then the one that computes gets SIGKILL
half-way; it is to be computed exactly once more. Prints how often that was so, what was left of
locks, and how long the others waited for a dead one. `shared` is a local folder without what the
system knows of the life of its processes, as on a file server. `s3`, `gcs` and `azure` are
emulators; `--faults 0.1` breaks one request in ten, by a proxy.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import multiprocessing
import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, NamedTuple

import prefect_results
from prefect_results import Flow, Parameter, task
from prefect_results.caching.locks import is_lock
from prefect_results.results import AzureResult, GCSResult, LocalResult, Result, S3Result

# Between the message and the start, so that all have it.
HEAD_START = 0.05
PRELOADED = ["prefect_results", "prefect_results.engine.single_flight"]


class Outcome(NamedTuple):
    """What became of one race.

    Attributes:
        computed: how often the target was computed, or half of it.
        wrong: how many of the processes did not get its value.
        seconds: from the start, or the kill, until the last process had it.
    """

    computed: int
    wrong: int
    seconds: float


def worker(pipe: Connection, result: Result, seconds: float, lease: float, shared: bool) -> None:
    """Run flows as told by a pipe: `(name, moment to start at)`, until there is no more.

    A task says when it has done a half, and does the rest when it is told to.
    """
    import logging

    from prefect_results.caching.locks import liveness
    from prefect_results.configuration import config

    logging.disable(logging.WARNING)
    config.caching.lock_lease = lease
    config.caching.lock_acquire_timeout = 120
    if shared:
        liveness.KERNEL = ""

    @task(result=result, target="races/{name}", cache_isolation_level="serializable")
    def compute(name: str) -> str:
        time.sleep(seconds / 2)
        pipe.send(("is half-way", name))
        pipe.recv()
        time.sleep(seconds / 2)
        return f"value of {name}"

    with Flow("race") as flow:
        value = compute(Parameter("name"))
    while (told := pipe.recv()) is not None:
        name, moment = told
        time.sleep(max(0.0, moment - time.monotonic()))
        with prefect_results.context(checkpointing=True):
            state = flow.run(name=name)
        found = state.result[value]
        pipe.send(("has", found.result, repr(found)))


class Racers:
    """Processes that are waiting to race.

    Args:
        count: how many.
        result: where their values go.
        seconds: that computing takes.
        lease: of their locks, in seconds.
        shared: whether the life of processes is not known.
    """

    def __init__(
        self, count: int, result: Result, seconds: float, lease: float, shared: bool = False
    ) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(PRELOADED)
        self._arguments = (result, seconds, lease, shared)
        self._processes: dict[Connection, Any] = {}
        for _ in range(count):
            self._add()

    def _add(self) -> None:
        here, there = self._context.Pipe()
        process = self._context.Process(target=worker, args=(there, *self._arguments))
        process.start()
        there.close()
        self._processes[here] = process

    def race(self, name: str, kill: bool = False) -> Outcome:
        """Have all of them want a target at once; kill the first one that computes it, half-way."""
        began = time.monotonic() + HEAD_START
        for pipe in self._processes:
            pipe.send((name, began))
        computed = wrong = 0
        waiting = set(self._processes)
        while waiting:
            for pipe in wait(list(waiting)):
                assert isinstance(pipe, Connection)
                message = pipe.recv()
                if message[0] == "is half-way":
                    computed += 1
                    if kill:
                        kill = False
                        began = time.monotonic()
                        self._kill(pipe)
                        waiting.remove(pipe)
                    else:
                        pipe.send("go on")
                else:
                    waiting.remove(pipe)
                    if message[1] != f"value of {name}":
                        wrong += 1
                        print(message[2], file=sys.stderr)
        return Outcome(computed, wrong, time.monotonic() - began)

    def _kill(self, pipe: Connection) -> None:
        process = self._processes.pop(pipe)
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        pipe.close()
        self._add()

    def close(self) -> None:
        """End them all."""
        for pipe, process in self._processes.items():
            pipe.send(None)
            process.join()
            pipe.close()


def report(title: str, outcomes: list[Outcome], expected: int) -> bool:
    """Print what became of some races; whether all were as they are to be."""
    if not outcomes:
        return True
    counts = collections.Counter(outcome.computed for outcome in outcomes)
    wrong = sum(outcome.wrong for outcome in outcomes)
    seconds = sorted(outcome.seconds for outcome in outcomes)
    print(
        f"{title}: {len(outcomes)} races, computed "
        + ", ".join(f"{times}x in {count}" for times, count in sorted(counts.items()))
        + f"; {wrong} wrong values; until the last one had it: median "
        f"{statistics.median(seconds):.2f} s, longest {seconds[-1]:.2f} s"
    )
    return set(counts) == {expected} and wrong == 0


@contextlib.contextmanager
def storage(kind: str, folder: Path, faults: float = 0.0) -> Iterator[Result]:
    """Where the values go.

    Args:
        kind: of storage.
        folder: for its files.
        faults: the share of requests that go wrong on their way.
    """
    if kind in ("local", "shared"):
        yield LocalResult(dir=str(folder / "values"))
        return
    from tests import emulators
    from tests.faults import Faults

    with contextlib.ExitStack() as stack:
        server = stack.enter_context(getattr(emulators, f"{kind}_server")(folder))
        url = server
        if kind == "azure":
            url = server.partition("BlobEndpoint=")[2].rpartition("/")[0]
        broken = stack.enter_context(Faults(url, faults)) if faults else None
        yield {"s3": s3, "gcs": gcs, "azure": azure}[kind](url, broken.url if broken else url)
        if broken is not None:
            print(f"{broken.requests} requests, of which went wrong: {dict(broken.happened)}")


def s3(url: str, broken: str) -> Result:
    """A bucket, by way of a URL that some requests go wrong at."""
    import boto3

    from tests.emulators import S3_KEYS

    region = {"region_name": "us-east-1"}
    boto3.client("s3", endpoint_url=url, **region, **S3_KEYS).create_bucket(Bucket="races")
    # Credentials are no part of a pickled result.
    os.environ["AWS_ACCESS_KEY_ID"] = S3_KEYS["aws_access_key_id"]
    os.environ["AWS_SECRET_ACCESS_KEY"] = S3_KEYS["aws_secret_access_key"]
    return S3Result("races", boto3_kwargs={"endpoint_url": broken, **region})


def gcs(url: str, broken: str) -> Result:
    """As `s3`."""
    from google.cloud import storage as client

    os.environ["STORAGE_EMULATOR_HOST"] = url
    client.Client().create_bucket("races")
    os.environ["STORAGE_EMULATOR_HOST"] = broken
    return GCSResult("races")


def azure(url: str, broken: str) -> Result:
    """As `s3`."""
    from azure.storage.blob import BlobServiceClient

    from tests.emulators import azure_connection_string

    with BlobServiceClient.from_connection_string(azure_connection_string(url)) as client:
        client.create_container("races")
    os.environ["AZURE_STORAGE_CONNECTION_STRING"] = azure_connection_string(broken)
    return AzureResult("races")


def main(arguments: list[str] | None = None) -> int:
    """Returns 1 when a target was not computed exactly as often as it is to be."""
    parser = argparse.ArgumentParser(description=__doc__)
    kinds = ("local", "shared", "s3", "gcs", "azure")
    parser.add_argument("--storage", choices=kinds, default="local")
    parser.add_argument("--faults", type=float, default=0.0, help="share of requests; not local")
    parser.add_argument("--processes", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--kills", type=int, default=20, help="rounds with a kill")
    parser.add_argument("--seconds", type=float, default=0.1, help="that computing takes")
    parser.add_argument("--lease", type=float, default=2.0, help="of a lock, in seconds")
    options = parser.parse_args(arguments)
    with (
        tempfile.TemporaryDirectory() as place,
        storage(options.storage, Path(place), options.faults) as result,
    ):
        racers = Racers(
            options.processes, result, options.seconds, options.lease, options.storage == "shared"
        )
        try:
            racers.race("warm-up")
            plain = [racers.race(f"round-{number}") for number in range(options.rounds)]
            killed = [racers.race(f"kill-{number}", kill=True) for number in range(options.kills)]
        finally:
            racers.close()
        print(f"{options.processes} processes, {options.storage}, a lease of {options.lease:g} s")
        right = report("All live", plain, 1)
        right &= report("The holder is killed half-way", killed, 2)
        filesystem = result.filesystem  # type: ignore[attr-defined]
        left = [info.location for info in filesystem.list() if is_lock(info.location)]
        print(f"{len(left)} objects of locks are left over")
    return 0 if right and not left else 1


if __name__ == "__main__":
    sys.exit(main())
