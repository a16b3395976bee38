"""Nothing is lost and nothing is wrong where a tenth of all requests, or more, go wrong."""

from __future__ import annotations

import contextlib
import os
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from prefect_results.exceptions import Conflict, Corrupt, NotFound, Unavailable
from prefect_results.filesystems import (
    AzureFileSystem,
    FileSystem,
    GCSFileSystem,
    Retries,
    S3FileSystem,
)
from prefect_results.filesystems.objects import ObjectFileSystem
from tests.emulators import S3_KEYS, azure_connection_string
from tests.faults import KINDS, Faults

QUICK = Retries(attempts=12, first=0.001, longest=0.01, timeout=20)
PART = 5 * 1024 * 1024

Make = Callable[..., ObjectFileSystem]


def s3(url: str, bucket: str, **options: Any) -> ObjectFileSystem:
    """A bucket of S3 by way of a proxy."""
    given = {"endpoint_url": url, "region_name": "us-east-1", **S3_KEYS}
    return S3FileSystem(bucket, boto3_kwargs=given, **options)


@pytest.fixture(params=["s3", "gcs", "azure"])
def through(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., tuple[ObjectFileSystem, Faults]]]:
    """Makes a filesystem behind a proxy that breaks requests."""
    get = request.getfixturevalue
    running: list[Faults] = []
    if request.param == "s3":
        url, name = get("s3_url"), get("s3_bucket")
    elif request.param == "gcs":
        url, name = get("gcs_url"), get("gcs_bucket")
    else:
        url = get("azure_string").partition("BlobEndpoint=")[2].rpartition("/")[0]
        name = get("azure_container")

    def make(share: float, seed: int = 1, kinds: tuple[str, ...] = KINDS, **options: Any) -> Any:
        faults = Faults(url, share, seed, kinds).__enter__()
        running.append(faults)
        options = {"retries": QUICK, "part_size": PART, **options}
        if request.param == "s3":
            return s3(faults.url, name, **options), faults
        if request.param == "gcs":
            monkeypatch.setenv("STORAGE_EMULATOR_HOST", faults.url)
            return GCSFileSystem(name, **options), faults
        text = azure_connection_string(faults.url)
        return AzureFileSystem(name, connection_string=text, **options), faults

    yield make
    for faults in running:
        faults.__exit__()


def test_writes_and_reads_survive(through: Any) -> None:
    """All that was written is read as it was, whatever happened on the way."""
    filesystem, faults = through(0.3)
    for number in range(20):
        data = pickle.dumps(("value", number))
        filesystem.put(f"o/{number}", data)
        assert filesystem.get(f"o/{number}") == data
    assert len(list(filesystem.list("o/"))) == 20
    filesystem.delete("o/0")
    assert not filesystem.exists("o/0")
    assert sum(faults.happened.values()) > 5


def test_a_conditional_put_whose_answer_was_lost_is_done(through: Any) -> None:
    """It counts as done, for this writer only: the next one finds a conflict."""
    filesystem, faults = through(1.0, kinds=("lost answer",))
    choices = iter(["lost answer"])
    faults.choose = lambda: next(choices, None)
    assert filesystem.put_if_absent("once", b"mine").size == 4
    faults.choose = lambda: None
    with pytest.raises(Conflict):
        filesystem.put_if_absent("once", b"theirs")
    assert filesystem.get("once") == b"mine"


def test_large_uploads_survive(through: Any) -> None:
    """An upload in parts is whole though requests of it fail, and so is what is read in parts."""
    filesystem, faults = through(0.2, seed=3)
    data = os.urandom(3 * PART + 17)
    with filesystem.open_write("large") as file:
        for start in range(0, len(data), 1_000_003):
            file.write(data[start : start + 1_000_003])
        assert not filesystem.exists("large")
    with filesystem.open_read("large") as file:
        assert file.read() == data
    assert filesystem.stat("large").size == len(data)
    assert faults.happened


def test_what_is_put_at_once_survives(through: Any) -> None:
    """Large bytes are stored and read whole though requests fail; a part may be a larger one."""
    filesystem, faults = through(0.2, seed=5)
    data = os.urandom(5 * PART + 1)
    for number in range(3):
        filesystem.put(f"whole/{number}", data)
        assert filesystem.get(f"whole/{number}") == data
    assert faults.happened


def test_a_buffer_may_change_once_it_was_written(through: Any) -> None:
    """Parts that are under way are those that were written, whatever becomes of the buffer."""
    filesystem, _ = through(0.0)
    buffer = bytearray(os.urandom(2 * PART + 1))
    expected = bytes(buffer) + bytes(len(buffer))
    with filesystem.open_write("changed") as file:
        file.write(buffer)
        buffer[:] = bytes(len(buffer))
        file.write(buffer)
    assert filesystem.get("changed") == expected


def test_a_reader_that_is_closed_early_lets_go(through: Any) -> None:
    """What is read in part, out of order with others, can be closed and read again."""
    filesystem, _ = through(0.0)
    data = os.urandom(3 * PART)
    filesystem.put("x", data)
    for _ in range(3):
        with filesystem.open_read("x") as file:
            assert file.read(7) == data[:7]
    with filesystem.open_read("x") as one, filesystem.open_read("x") as other:
        assert one.read() == other.read() == data


def test_an_upload_that_is_given_up_leaves_nothing(through: Any) -> None:
    """Where the storage stays away the error says so; nothing is visible, nor kept in parts."""
    filesystem, faults = through(0.0)
    filesystem.retries = Retries(attempts=2, first=0.001, longest=0.001, timeout=20)
    writer = filesystem.open_write("given-up")
    writer.write(bytes(2 * PART))
    faults.choose = lambda: "503"
    with pytest.raises(Unavailable, match="given-up"):
        # More than what may be under way at a time.
        writer.write(bytes(5 * PART))
    faults.choose = lambda: None
    writer.abort()
    assert not filesystem.exists("given-up")
    assert list(filesystem.list()) == []
    if isinstance(filesystem, S3FileSystem):
        found = filesystem.client().list_multipart_uploads(Bucket=filesystem.bucket)
        assert found.get("Uploads", []) == []


def test_what_is_replaced_while_it_is_read_is_never_mixed(through: Any) -> None:
    """A reader gets all of the old bytes, or an error."""
    filesystem, _ = through(0.0)
    old, new = b"a" * (3 * PART), b"b" * (3 * PART)
    filesystem.put("x", old)
    with filesystem.open_read("x") as file:
        start = file.read(10)
        filesystem.put("x", new)
        rest = None
        with contextlib.suppress(Corrupt):
            rest = file.read()
    assert rest is None or start + rest == old


def test_altered_objects_are_corrupt(through: Any) -> None:
    """Bytes that are not those of the digest in the object's metadata are refused."""
    filesystem, _ = through(0.0)
    filesystem._store("bad", b"altered", {"prefectdigest": "xxh3:0123456789abcdef"}, False)
    with pytest.raises(Corrupt, match="altered"):
        filesystem.get("bad")
    filesystem._store("legacy", b"no digest", {}, False)
    assert filesystem.get("legacy") == b"no digest"


def test_what_is_not_there_is_not_tried_again(through: Any) -> None:
    """An answer that will not change is taken at once."""
    filesystem: FileSystem
    filesystem, faults = through(0.0)
    with pytest.raises(NotFound):
        filesystem.get("nothing")
    assert faults.requests == 1
