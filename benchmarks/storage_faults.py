"""What becomes of 1,000 writes and reads of each storage while a tenth of all requests go wrong.

    python -m benchmarks.storage_faults [S3 GCS Azure SFTP] [--count 1000] [--share 0.1]

A proxy between the client and a server of the protocol resets connections, answers 500 or 503,
is slow, cuts bodies and loses answers; the seed is fixed. What passes to an SFTP server is secret:
there it breaks connections, about as often for each write or read. Exits with 1 if anything was
lost or was not what was written.
"""

from __future__ import annotations

import argparse
import logging
import os
import pickle
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from prefect_results.exceptions import Conflict, StorageError
from prefect_results.filesystems import (
    AzureFileSystem,
    FileSystem,
    FSSpecFileSystem,
    GCSFileSystem,
    Retries,
    S3FileSystem,
)
from tests import emulators
from tests.cuts import Cuts
from tests.faults import Faults

RETRIES = Retries(attempts=10, first=0.002, longest=0.05, timeout=20)


def s3(url: str, bucket: str, **options: Any) -> FileSystem:
    """A bucket of S3; made when there is none."""
    import boto3

    settings = {"endpoint_url": url, "region_name": "us-east-1", **emulators.S3_KEYS}
    boto3.client("s3", **settings).create_bucket(Bucket=bucket)
    return S3FileSystem(bucket, boto3_kwargs=dict(settings), **options)


def gcs(url: str, bucket: str, **options: Any) -> FileSystem:
    """A bucket of GCS; made when there is none."""
    from google.cloud import storage

    os.environ["STORAGE_EMULATOR_HOST"] = url
    storage.Client().create_bucket(bucket)
    return GCSFileSystem(bucket, **options)


def azure(text: str, container: str, **options: Any) -> FileSystem:
    """A container of Azure; made when there is none."""
    from azure.storage.blob import BlobServiceClient

    with BlobServiceClient.from_connection_string(text) as client:
        client.create_container(container)
    return AzureFileSystem(container, connection_string=text, **options)


CLOUDS: dict[str, tuple[Callable[[Path], Any], Callable[..., FileSystem]]] = {
    "S3": (emulators.s3_server, s3),
    "GCS": (emulators.gcs_server, gcs),
    "Azure": (emulators.azure_server, azure),
}


def url_of(server: str) -> str:
    """The URL in what a server's context manager yields."""
    found = server.partition("BlobEndpoint=")[2].rpartition("/")[0]
    return found or server


def through(filesystem: Any, faults: Faults) -> FileSystem:
    """The same bucket by way of a proxy."""
    if isinstance(filesystem, S3FileSystem):
        given = {**filesystem.boto3_kwargs, "endpoint_url": faults.url}
        return S3FileSystem(filesystem.bucket, boto3_kwargs=given, retries=RETRIES)
    if isinstance(filesystem, GCSFileSystem):
        os.environ["STORAGE_EMULATOR_HOST"] = faults.url
        return GCSFileSystem(filesystem.bucket, retries=RETRIES)
    text = emulators.azure_connection_string(faults.url)
    return AzureFileSystem(filesystem.bucket, connection_string=text, retries=RETRIES)


def trial(filesystem: FileSystem, count: int) -> Counter[str]:
    """Write and read objects; every tenth is a conditional put, which is then tried again."""
    seen: Counter[str] = Counter()
    for number in range(count):
        location, data = f"o/{number}", pickle.dumps(("value", number, "x" * (number % 997)), 5)
        try:
            if number % 10:
                filesystem.put(location, data)
            else:
                filesystem.put_if_absent(location, data)
                try:
                    filesystem.put_if_absent(location, b"another")
                    seen["stored twice"] += 1
                except Conflict:
                    pass
            seen["writes"] += 1
        except StorageError:
            seen["errors"] += 1
    for number in range(count):
        data = pickle.dumps(("value", number, "x" * (number % 997)), 5)
        try:
            seen["reads"] += 1
            if filesystem.get(f"o/{number}") != data:
                seen["wrong"] += 1
        except StorageError:
            seen["lost"] += 1
    return seen


def over_http(name: str, count: int, share: float, seed: int) -> tuple[Counter[str], Faults, float]:
    """What became of the writes and reads of a cloud, the proxy, and seconds."""
    start, make = CLOUDS[name]
    with tempfile.TemporaryDirectory() as folder, start(Path(folder)) as server:
        bare = make(server, "faults")
        with Faults(url_of(server), share, seed) as faults:
            begun = time.perf_counter()
            seen = trial(through(bare, faults), count)
            return seen, faults, time.perf_counter() - begun


# Packets of the client for a write or a read over SFTP, on average.
_PACKETS = 9


def over_sftp(count: int, share: float, seed: int) -> tuple[Counter[str], Cuts, float]:
    """The same of a folder on an SSH server, whose connections are broken."""
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)
    with (
        tempfile.TemporaryDirectory() as folder,
        emulators.sftp_server(Path(folder)) as options,
    ):
        with Cuts(options["port"], share / _PACKETS, seed) as cuts:
            given = {**options, "port": cuts.port, "retries": RETRIES}
            root = f"sftp://{given.pop('host')}{folder}/root"
            begun = time.perf_counter()
            seen = trial(FSSpecFileSystem(root, **given), count)
            took = time.perf_counter() - begun
        # What is visible, asked without the proxy.
        given["port"] = options["port"]
        seen["lost"] += count - len(list(FSSpecFileSystem(root, **given).list()))
    return seen, cuts, took


def main() -> int:
    """Print a table, a row for each storage whose server can be started."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--count", type=int, default=1000, help="writes, and reads, of each")
    parser.add_argument("--share", type=float, default=0.1, help="of the requests that go wrong")
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("names", nargs="*", default=[*CLOUDS, "SFTP"], metavar="NAME")
    options = parser.parse_args()
    columns = ("writes", "reads", "errors", "lost", "wrong", "stored twice")
    print("storage".ljust(7), *(name.rjust(12) for name in (*columns, "requests", "broken", "s")))
    failed = False
    for name in options.names:
        try:
            if name == "SFTP":
                seen, faults, took = over_sftp(options.count, options.share, options.seed)
            else:
                seen, faults, took = over_http(name, options.count, options.share, options.seed)
        except emulators.ServerUnavailable as exc:
            print(name.ljust(7), "skipped:", exc)
            continue
        broken = sum(faults.happened.values())
        cells = [*(seen[column] for column in columns), faults.requests, broken, round(took, 1)]
        print(name.ljust(7), *(str(cell).rjust(12) for cell in cells))
        told = (f"{kind}: {faults.happened[kind]}" for kind in faults.kinds)
        print(" " * 7, ", ".join(told), flush=True)
        failed |= any(seen[column] for column in columns[2:])
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
