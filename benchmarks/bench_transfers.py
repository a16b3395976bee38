"""A large object to and from each cloud's server, beside the vendor's client alone."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.report import Row, at_least
from benchmarks.storage_faults import CLOUDS
from benchmarks.workers import ROOT, WorkloadFailed
from tests import emulators

TITLE = "Large objects in cloud storage"
#: Of the rate of the vendor's client.
GOAL = 0.8
#: Parts of 16 MiB that may be held beside the value, and a little for the client itself.
PARTS_MB = 5 * 16 + 16


def run(quick: bool = False, megabytes: int = 256) -> Iterator[Row]:
    """Write and read the same bytes both ways on the same server, taking turns."""
    if quick:
        megabytes = min(megabytes, 64)
    data = os.urandom(1024 * 1024) * megabytes
    missing = []
    for name, (start, make) in CLOUDS.items():
        with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
            try:
                server = stack.enter_context(start(Path(folder)))
            except emulators.ServerUnavailable as exc:
                missing.append(f"{name}: {exc}")
                continue
            filesystem = make(server, "transfers")
            rate = _rates(name, filesystem, data, 3 if quick else 5)
            for do in ("write", "read"):
                yield at_least(
                    f"{name}, {do} {megabytes} MB", rate[do, "ours"], "vendor's client",
                    rate[do, "bare"], GOAL,
                )  # fmt: skip
            for do in ("write", "read"):
                beside = _memory(name, server, do, megabytes)
                yield Row(
                    f"{name}, memory beside the value on {do}", beside, "MB",
                    goal=f"<= {PARTS_MB} MB", met=beside <= PARTS_MB,
                )  # fmt: skip
    if missing:
        raise WorkloadFailed("; ".join(missing))


def bare_client(name: str, filesystem: Any, data: bytes) -> tuple[Callable[[], Any], ...]:
    """How the vendor's client alone writes an object, and reads it."""
    client = filesystem.client()
    bucket = filesystem.bucket
    if name == "S3":

        def read_s3() -> int:
            target = io.BytesIO()
            client.download_fileobj(bucket, "bare", target)
            return target.getbuffer().nbytes

        return lambda: client.upload_fileobj(io.BytesIO(data), bucket, "bare"), read_s3
    if name == "GCS":
        blob = client.bucket(bucket).blob("bare")
        return (
            lambda: blob.upload_from_file(io.BytesIO(data), size=len(data)),
            lambda: len(blob.download_as_bytes()),
        )
    from azure.storage.blob import BlobServiceClient

    service = BlobServiceClient.from_connection_string(filesystem.connection_string)
    one = service.get_blob_client(bucket, "bare")
    return (
        lambda: one.upload_blob(io.BytesIO(data), length=len(data), overwrite=True),
        lambda: len(one.download_blob().readall()),
    )


def _rates(name: str, filesystem: Any, data: bytes, rounds: int) -> dict[tuple[str, str], float]:
    """Median megabytes per second of each way; who comes first changes from round to round."""
    write, read = bare_client(name, filesystem, data)
    ways = {
        ("write", "bare"): write,
        ("write", "ours"): partial(filesystem.put, "ours", data),
        ("read", "bare"): read,
        ("read", "ours"): partial(filesystem.get, "ours"),
    }
    took: dict[tuple[str, str], list[float]] = {way: [] for way in ways}
    for number in range(rounds):
        for do in ("write", "read"):
            for who in ("bare", "ours")[:: -1 if number % 2 else 1]:
                begun = time.perf_counter()
                ways[do, who]()
                took[do, who].append(time.perf_counter() - begun)
    return {way: len(data) / 1e6 / median(seconds) for way, seconds in took.items()}


def _memory(name: str, server: str, do: str, megabytes: int) -> float:
    """MB that a process of its own needs beside the value, to write or read it as a result."""
    script = str(Path(__file__).with_name("transfer_process.py"))
    done = subprocess.run(
        [sys.executable, script, name, server, do, str(megabytes)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    if done.returncode:
        raise WorkloadFailed(f"{name} {do}: {done.stderr[-600:]}")
    return float(json.loads(done.stdout)["beside"])
