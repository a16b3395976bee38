"""Megabytes per second to and from each cloud's server, next to the vendor's client alone.

    python -m benchmarks.bench_storage [--megabytes 256] [--rounds 3]

Both sides write and read the same bytes on the same server in the same run, taking turns; the
best round of each counts.
"""

from __future__ import annotations

import argparse
import io
import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.storage_faults import CLOUDS
from tests import emulators


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


def timed(action: Callable[[], Any]) -> float:
    """Seconds that it takes."""
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


def main() -> None:
    """Print a table, two rows for each cloud whose server can be started."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--megabytes", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    data = os.urandom(1024 * 1024) * options.megabytes
    print("cloud   direction   bare MB/s   here MB/s   ratio (at least 0.8)")
    for name, (start, make) in CLOUDS.items():
        with tempfile.TemporaryDirectory() as folder:
            try:
                with start(Path(folder)) as server:
                    filesystem = make(server, "speed")
                    write, read = bare_client(name, filesystem, data)

                    actions = (
                        write,
                        partial(filesystem.put, "here", data),
                        read,
                        partial(filesystem.get, "here"),
                    )
                    rounds = [[timed(one) for one in actions] for _ in range(options.rounds)]
            except emulators.ServerUnavailable as exc:
                print(f"{name:7} skipped: {exc}")
                continue
        best = [options.megabytes / min(column) for column in zip(*rounds, strict=True)]
        for direction, bare, ours in (("write", *best[:2]), ("read", *best[2:])):
            print(f"{name:7} {direction:9} {bare:11.0f} {ours:11.0f} {ours / bare:7.2f}")


if __name__ == "__main__":
    main()
