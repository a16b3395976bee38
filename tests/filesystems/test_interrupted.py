"""A write that is killed, or whose data cannot be made, shows nothing and is cleaned up."""

from __future__ import annotations

import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from prefect_results.exceptions import NotFound
from prefect_results.filesystems import (
    AzureFileSystem,
    FileSystem,
    FSSpecFileSystem,
    GCSFileSystem,
    LocalFileSystem,
    S3FileSystem,
)
from tests.emulators import S3_KEYS

PART = 5 * 1024 * 1024
# Writes three parts, says so and waits to be killed.
WRITER = """
import pickle, sys
filesystem = pickle.load(sys.stdin.buffer)

class Endless:
    count = 0
    def read(self, size):
        self.count += size
        if self.count > 4 << 20:
            half_way()
        return bytes(size)

def half_way():
    print("half", flush=True)
    sys.stdin.buffer.read()
    import time
    time.sleep(600)

if hasattr(filesystem, "put_file"):
    filesystem.put_file("folder/value", Endless())
writer = filesystem.open_write("folder/value")
for _ in range(4):
    writer.write(bytes(5 << 20))
if hasattr(writer, "_wait"):
    writer._wait(0)
half_way()
"""
KINDS = ("local", "file", "sftp", "s3", "gcs", "azure")
# Where what a killed process left can be seen; the others drop it themselves.
VISIBLE = ("local", "file", "sftp", "s3")


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Which storage."""
    found: str = request.param
    return found


@pytest.fixture
def filesystem(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> FileSystem:
    """An empty one."""
    get: Callable[[str], Any] = request.getfixturevalue
    if kind == "local":
        return LocalFileSystem(tmp_path / "root")
    if kind == "file":
        return FSSpecFileSystem(f"file://{tmp_path}/root")
    if kind == "sftp":
        options = dict(get("sftp_options"))
        return FSSpecFileSystem(f"sftp://{options.pop('host')}{tmp_path}/root", **options)
    if kind == "s3":
        given = {"endpoint_url": get("s3_url"), "region_name": "us-east-1", **S3_KEYS}
        return S3FileSystem(get("s3_bucket"), boto3_kwargs=given, part_size=PART)
    if kind == "gcs":
        return GCSFileSystem(get("gcs_bucket"), part_size=PART)
    return AzureFileSystem(
        get("azure_container"), connection_string=get("azure_string"), part_size=PART
    )


def nothing_is_visible(filesystem: FileSystem) -> None:
    """No reader sees that anything was written."""
    assert list(filesystem.list()) == []
    assert filesystem.exists("folder/value") is False
    with pytest.raises(NotFound):
        filesystem.get("folder/value")


def test_a_killed_writer_leaves_nothing_to_see(kind: str, filesystem: FileSystem) -> None:
    """A process that is killed half-way leaves no object; what it left is found and removed."""
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert writer.stdin is not None
    assert writer.stdout is not None
    try:
        writer.stdin.write(pickle.dumps(filesystem))
        writer.stdin.flush()
        assert writer.stdout.readline() == b"half\n"
        nothing_is_visible(filesystem)
    finally:
        writer.kill()
        writer.wait()
        writer.stdin.close()
        writer.stdout.close()
    nothing_is_visible(filesystem)
    left = list(filesystem.leftovers("folder/"))
    assert bool(left) is (kind in VISIBLE)
    assert list(filesystem.leftovers("other/")) == []
    for one in left:
        assert one.location.startswith("folder/")
        assert one.modified is not None
        # moto says 2010 of all uploads.
        assert one.modified < time.time() + 3600
        one.remove()
        one.remove()
    assert list(filesystem.leftovers()) == []
    filesystem.put("folder/value", b"x")
    assert filesystem.get("folder/value") == b"x"


def test_a_writer_that_raises_half_way_removes_its_parts(filesystem: FileSystem) -> None:
    """Data that cannot be made to its end leaves nothing at all."""

    def write() -> None:
        with filesystem.open_write("folder/value") as file:
            for _ in range(4):
                file.write(bytes(PART))
            raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        write()
    nothing_is_visible(filesystem)
    assert list(filesystem.leftovers()) == []
