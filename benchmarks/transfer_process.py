"""One large value written to, or read from, a cloud's server in a process of its own.

    python benchmarks/transfer_process.py CLOUD SERVER write|read MEGABYTES

Prints as JSON how many MB the process grew by at its peak, beside the value.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

from prefect_results.results import AzureResult, GCSResult, S3Result
from tests import emulators

BUCKET = "transfers"


def result_of(cloud: str, server: str) -> Any:
    """A result in the bucket of the benchmark."""
    if cloud == "S3":
        settings = {"endpoint_url": server, "region_name": "us-east-1", **emulators.S3_KEYS}
        return S3Result(BUCKET, boto3_kwargs=settings, location="value.pkl")
    if cloud == "GCS":
        os.environ["STORAGE_EMULATOR_HOST"] = server
        return GCSResult(BUCKET, location="value.pkl")
    return AzureResult(BUCKET, connection_string=server, location="value.pkl")


def memory(name: str) -> float:
    """`VmRSS`, what the process has in memory, or `VmHWM`, the most it ever had, in MB."""
    found = re.search(rf"{name}:\s*(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) * 1024 / 1e6


def main(cloud: str, server: str, do: str, megabytes: int) -> None:
    """Write the value, or read what was written."""
    result = result_of(cloud, server)
    # The client, and what it imports, is no part of a transfer.
    result.filesystem.exists("nothing")
    size = megabytes * 1024 * 1024
    value = os.urandom(1024 * 1024) * megabytes if do == "write" else b""
    before = memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")
    if do == "write":
        result.write(value)
        beside = memory("VmHWM") - before
    else:
        found = result.read("value.pkl")
        beside = memory("VmHWM") - before - size / 1e6
        assert len(found.value) == size
    print(json.dumps({"beside": beside}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
