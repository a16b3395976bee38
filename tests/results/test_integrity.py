"""What was written is what is read: large values that stream too."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prefect_results.exceptions import Corrupt
from prefect_results.filesystems import LocalFileSystem, MemoryFileSystem
from prefect_results.filesystems.digest import digest_of
from prefect_results.results import LocalResult
from prefect_results.serializers import PickleSerializer
from prefect_results.wire import ResultSchema

LARGE = np.arange(1_500_000, dtype="f8")


@pytest.mark.parametrize("out_of_band", [False, True])
def test_a_large_value_is_compared(tmp_path: Path, out_of_band: bool) -> None:
    """A streamed value is read where it is whole, and Corrupt where one byte of it is not."""
    serializer = PickleSerializer(out_of_band=out_of_band)
    written = LocalResult(dir=str(tmp_path), location="x", serializer=serializer).write(LARGE)
    path = tmp_path / "x"
    data = path.read_bytes()
    assert (written.size, written.digest) == (len(data), digest_of(data))
    reference = pickle.loads(pickle.dumps(written.serialize()))
    assert (reference.deserialize().value == LARGE).all()
    altered = bytearray(data)
    altered[len(data) // 2] ^= 1
    for bad in (bytes(altered), data[:-1], data + b"x", b"", data[: len(data) // 2]):
        path.write_bytes(bad)
        with pytest.raises(Corrupt, match="x"):
            reference.deserialize()


def test_what_has_no_digest_is_read(tmp_path: Path) -> None:
    """A wire form of Prefect 1.4.1 says neither size nor digest; nothing is compared then."""
    written = LocalResult(dir=str(tmp_path), location="x").write("a")
    form = ResultSchema().dump(written)
    del form["size"], form["digest"]
    (tmp_path / "x").write_bytes(pickle.dumps("b"))
    loaded = ResultSchema().load(form)
    assert loaded.deserialize().value == "b"
    assert "size" not in ResultSchema().dump(loaded)


def test_a_digest_of_another_algorithm_is_passed_over(tmp_path: Path) -> None:
    """What a later release may write is read; its size is compared."""
    form = ResultSchema().dump(LocalResult(dir=str(tmp_path), location="x").write("a"))
    form["digest"] = "future:00"
    assert ResultSchema().load(form).deserialize().value == "a"
    form["size"] += 1
    with pytest.raises(Corrupt, match="were written"):
        ResultSchema().load(form).deserialize()


def test_another_value_forgets_the_facts(tmp_path: Path) -> None:
    """Size and digest are of what was written, not of the value that comes next."""
    written = LocalResult(dir=str(tmp_path), location="x").write("a")
    for other in (written.from_value("b"), written.with_location("y")):
        assert (other.size, other.digest) == (None, None)  # type: ignore[attr-defined]
    assert written.copy().digest == written.digest


def test_a_writer_that_went_back_says_the_digest_of_the_file(tmp_path: Path) -> None:
    """Whatever way a file was written, its digest is that of its bytes."""
    filesystem = LocalFileSystem(tmp_path)

    def patched(file: Any) -> None:
        file.write(b"0" * 100)
        file.write(b"1" * 100)
        file.seek(50)
        file.write(b"patch")
        file.seek(0, os.SEEK_END)

    def again(file: Any) -> None:
        file.write(b"wrong")
        file.write(b"wrong")
        file.seek(0)
        file.truncate()
        file.write(b"right")

    def cut(file: Any) -> None:
        file.write(b"0" * 100)
        file.write(b"1" * 100)
        file.truncate(10)
        file.seek(10)

    def large(file: Any) -> None:
        file.write(b"head")
        file.write(bytes(9_000_000))

    for write in (patched, again, cut, large):
        writer = filesystem.open_write("x")
        with writer as file:
            write(file)
        data = (tmp_path / "x").read_bytes()
        assert writer.info is not None
        assert (writer.info.size, writer.info.digest) == (len(data), digest_of(data))


def test_every_write_says_a_digest(tmp_path: Path) -> None:
    """All ways to write say size and digest of what they wrote."""
    for filesystem in (LocalFileSystem(tmp_path), MemoryFileSystem("integrity")):
        infos = [filesystem.put("a", b"x"), filesystem.put("b", bytearray(b"x"))]
        with filesystem.open_write("c") as file:
            file.write(b"x")
        assert {(info.size, info.digest) for info in infos} == {(1, digest_of(b"x"))}
