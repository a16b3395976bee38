"""What only files of this machine have: links, rights, leftovers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from prefect_results.exceptions import (
    Conflict,
    NotFound,
    PermissionDenied,
    StorageError,
    UnsafeLocation,
)
from prefect_results.filesystems import LocalFileSystem, atomic
from prefect_results.filesystems.base import TEMPORARY_PREFIX


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The root folder, which exists."""
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder beside the root, with a file in it."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret").write_bytes(b"secret")
    return folder


def test_links_out_of_the_root_are_refused(root: Path, outside: Path) -> None:
    """A link to a file or folder outside is never followed, whichever method meets it."""
    (root / "folder").symlink_to(outside)
    (root / "file").symlink_to(outside / "secret")
    filesystem = LocalFileSystem(root)
    for location in ("folder/secret", "file"):
        for method in (filesystem.get, filesystem.exists, filesystem.stat, filesystem.open_read):
            with pytest.raises(UnsafeLocation, match="symbolic"):
                method(location)
    with pytest.raises(UnsafeLocation):
        filesystem.put("folder/new", b"x")
    with pytest.raises(UnsafeLocation):
        filesystem.delete("folder/secret")
    with pytest.raises(UnsafeLocation):
        filesystem.list("folder/")
    assert list(filesystem.list()) == []
    assert [path.name for path in outside.iterdir()] == ["secret"]


def test_writing_to_a_link_replaces_the_link(root: Path, outside: Path) -> None:
    """A file that is linked to stays as it is when the link's location is written."""
    (root / "file").symlink_to(outside / "secret")
    LocalFileSystem(root).put("file", b"new")
    assert (root / "file").read_bytes() == b"new"
    assert (outside / "secret").read_bytes() == b"secret"


def test_links_inside_are_followed(root: Path) -> None:
    """A link that stays under the root is as good as a file."""
    filesystem = LocalFileSystem(root)
    filesystem.put("real/file", b"x")
    (root / "linked").symlink_to(root / "real")
    (root / "alias").symlink_to(root / "real" / "file")
    assert filesystem.get("linked/file") == b"x"
    assert filesystem.get("alias") == b"x"
    assert filesystem.exists("alias")
    assert filesystem.stat("alias").size == 1
    with filesystem.open_read("alias") as file:
        assert file.read() == b"x"


def test_a_broken_link_is_not_found(root: Path) -> None:
    """A link that leads nowhere is no file; one that leads to itself is refused."""
    (root / "broken").symlink_to(root / "nothing")
    (root / "loop").symlink_to(root / "loop")
    filesystem = LocalFileSystem(root)
    assert filesystem.exists("broken") is False
    with pytest.raises(NotFound):
        filesystem.get("broken")
    with pytest.raises(StorageError):
        filesystem.get("loop")


def test_the_root_itself_may_be_a_link(tmp_path: Path, root: Path) -> None:
    """A root that the user made a link is where its files are."""
    (tmp_path / "alias").symlink_to(root)
    filesystem = LocalFileSystem(tmp_path / "alias")
    filesystem.put("a/b", b"x")
    assert (root / "a" / "b").read_bytes() == b"x"


def test_absolute_locations_under_the_root(root: Path, outside: Path) -> None:
    """An absolute location is taken when it is under the root, and refused elsewhere."""
    filesystem = LocalFileSystem(root)
    filesystem.put(f"{root}/a", b"x")
    assert filesystem.get("a") == b"x"
    assert filesystem.path("a") == f"{root}/a"
    for location in (f"{outside}/secret", f"{root}/../outside/secret", f"{root}-2/x"):
        with pytest.raises(UnsafeLocation):
            filesystem.get(location)


def test_names_that_are_too_long(root: Path) -> None:
    """A name of 255 characters is stored; one more is refused, and so is a path without end."""
    filesystem = LocalFileSystem(root)
    filesystem.put("n" * 255, b"x")
    assert filesystem.get("n" * 255) == b"x"
    for location in ("n" * 256, "a/" * 3000 + "b"):
        for method in (filesystem.get, filesystem.exists, lambda where: filesystem.put(where, b"")):
            with pytest.raises(UnsafeLocation):
                method(location)


def test_leftovers_are_invisible(root: Path) -> None:
    """What a killed process left of a write is no object, and can be none."""
    filesystem = LocalFileSystem(root)
    name, descriptor = atomic.create(f"{root}/result")
    os.write(descriptor, b"half of it")
    os.close(descriptor)
    leftover = os.path.basename(name)
    assert leftover.startswith(TEMPORARY_PREFIX)
    assert list(filesystem.list()) == []
    for method in (filesystem.exists, filesystem.get, filesystem.delete):
        with pytest.raises(UnsafeLocation):
            method(leftover)


def test_a_killed_writer_leaves_no_result(root: Path) -> None:
    """A process that dies in the middle of a write leaves what was there before."""
    filesystem = LocalFileSystem(root)
    filesystem.put("result", b"old")
    program = (
        "import os, sys\n"
        "from prefect_results.filesystems import LocalFileSystem\n"
        "with LocalFileSystem(sys.argv[1]).open_write('result') as file:\n"
        "    for _ in range(50):\n"
        "        file.write(b'new' * 10000)\n"
        "    os._exit(9)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(root)], check=False)
    assert done.returncode == 9
    assert filesystem.get("result") == b"old"
    assert [info.location for info in filesystem.list()] == ["result"]


def test_a_forked_process_has_temporary_names_of_its_own(root: Path) -> None:
    """Two processes of one start never write to the same temporary file."""
    program = (
        "import os, sys\n"
        "from prefect_results.filesystems import atomic\n"
        "child = os.fork()\n"
        "name, descriptor = atomic.create(sys.argv[1] + '/x')\n"
        "if child:\n"
        "    os.waitpid(child, 0)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(root)], check=True)
    assert len(os.listdir(root)) == 2


def test_a_folder_that_vanished_is_made_again(root: Path) -> None:
    """A folder that was known, and was removed since, is made again."""
    filesystem = LocalFileSystem(root)
    filesystem.put("a/b/c", b"1")
    os.unlink(root / "a/b/c")
    os.rmdir(root / "a/b")
    assert filesystem.exists("a/b/c") is False
    filesystem.put("a/b/c", b"2")
    assert filesystem.get("a/b/c") == b"2"


def test_what_may_not_be_touched(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal of the system is PermissionDenied, with the system's error as its cause."""

    def refuse(*args: object, **kwargs: object) -> int:
        raise PermissionError(13, "Permission denied")

    filesystem = LocalFileSystem(root)
    filesystem.put("a", b"x")
    monkeypatch.setattr(os, "open", refuse)
    for method in (filesystem.get, lambda where: filesystem.put(where, b"")):
        with pytest.raises(PermissionDenied, match="a may not") as caught:
            method("a")
        assert isinstance(caught.value.__cause__, PermissionError)


def test_a_full_disk_leaves_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that fails half way is a StorageError, and its temporary file is gone."""

    def full(descriptor: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    filesystem = LocalFileSystem(root)
    monkeypatch.setattr(os, "write", full)
    with pytest.raises(StorageError, match="No space left"):
        filesystem.put("a", b"x")
    assert os.listdir(root) == []


def test_short_writes_are_continued(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that takes a part at a time gets all of it."""
    whole = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: whole(descriptor, data[:3]))
    LocalFileSystem(root).put("a", b"0123456789")
    assert (root / "a").read_bytes() == b"0123456789"


def test_a_folder_is_no_file(root: Path) -> None:
    """Writing where a folder is, or below a file, is an error."""
    filesystem = LocalFileSystem(root)
    filesystem.put("a/b", b"x")
    for location in ("a", "a/b/c"):
        with pytest.raises(StorageError):
            filesystem.put(location, b"y")
    with pytest.raises((Conflict, StorageError)):
        filesystem.put_if_absent("a", b"y")
    assert [info.location for info in filesystem.list()] == ["a/b"]
    assert sorted(os.listdir(root)) == ["a"]
