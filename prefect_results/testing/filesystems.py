"""What every filesystem must do.

Derive a test class, and say how a new, empty filesystem is made::

    class TestMine(FileSystemContract):
        @pytest.fixture
        def filesystem(self, tmp_path):
            return MyFileSystem(tmp_path)

Not here: what only one kind of storage can do, such as symbolic links.
"""

from __future__ import annotations

import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from prefect_results.exceptions import Conflict, NotFound, StorageError, UnsafeLocation
from prefect_results.filesystems import FileInfo, FileSystem

UNSAFE = (
    "",
    "/",
    "/etc/x",
    "..",
    "../x",
    "../../etc/x",
    "a/../../x",
    "a/..",
    "..\\x",
    "a\\..\\x",
    ".",
    "a/.",
    "a/",
    "a\0b",
    "\0",
    "half\ud800",
    ".prefect-tmp-1",
    "a/.prefect-tmp-1",
)

ODD_NAMES = (
    "a b",
    "a..b",
    "...",
    "..a/b..",
    "caf\u00e9 \u2603",
    "a#b?c=d&e",
    "a%2Fb%00",
    "a\\b",
    "a'b\"c",
    "{x}",
    "-rf",
    "a*b[c]",
    "x" * 200,
    "a b/c d",
    " a",
    "a ",
    "a.",
    "a./b",
    ".a",
    "?",
    "a?versionId=1",
    "a#",
    "%2e%2e/x",
    "%2e%2e%2fx",
    "a%20b",
    "a+b",
    "a\tb",
    "a\nb",
    "a\x7fb",
    "C:",
    "a:b",
    "~/x",
    "$HOME",
    "a;b|c>d",
    "\u202egnp.exe",
    "\U0001f427",
    "NUL",
)

# Names that some systems read as a shorter one.
LOOSE_NAMES = ("a//b", "a/./b", "./a", "a///b")


class FileSystemContract:
    """Tests of the port `FileSystem`; subclasses give the fixture `filesystem`."""

    @pytest.fixture
    def filesystem(self) -> FileSystem:
        """A new filesystem with nothing in it."""
        raise NotImplementedError

    def test_get_returns_what_was_put(self, filesystem: FileSystem) -> None:
        """Bytes come back as they were, whatever buffer they came in."""
        for data in (b"x", b"", bytes(range(256)) * 1000, bytearray(b"y"), memoryview(b"zz")):
            filesystem.put("a/b/c", data)
            assert filesystem.get("a/b/c") == bytes(data)

    def test_put_says_where_and_how_much(self, filesystem: FileSystem) -> None:
        """The answer to a put names the location and the number of bytes."""
        info = filesystem.put("a/b", b"12345")
        assert isinstance(info, FileInfo)
        assert (info.location, info.size) == ("a/b", 5)

    def test_put_replaces(self, filesystem: FileSystem) -> None:
        """A put of a location that exists replaces all of its bytes."""
        filesystem.put("a", b"long, long, long")
        filesystem.put("a", b"short")
        assert filesystem.get("a") == b"short"

    def test_what_is_not_there_is_not_found(self, filesystem: FileSystem) -> None:
        """Reading, asking about or deleting what is not there is a NotFound that names it."""
        filesystem.put("folder/file", b"x")
        for location in ("nothing", "folder", "folder/file/below", "no/such/folder"):
            assert filesystem.exists(location) is False
            for method in (filesystem.get, filesystem.stat, filesystem.delete, _read):
                arguments = (filesystem, location) if method is _read else (location,)
                with pytest.raises(NotFound, match=location):
                    method(*arguments)

    def test_exists_and_stat(self, filesystem: FileSystem) -> None:
        """What was put exists, and its size is known."""
        filesystem.put("a/b", b"123")
        assert filesystem.exists("a/b") is True
        info = filesystem.stat("a/b")
        assert (info.location, info.size) == ("a/b", 3)

    def test_delete(self, filesystem: FileSystem) -> None:
        """What was deleted is gone, and its neighbours are not."""
        filesystem.put("a/b", b"1")
        filesystem.put("a/c", b"2")
        filesystem.delete("a/b")
        assert filesystem.exists("a/b") is False
        assert filesystem.get("a/c") == b"2"

    def test_list_by_prefix_in_order(self, filesystem: FileSystem) -> None:
        """A listing has the locations that start with a prefix, in order, with their sizes."""
        assert list(filesystem.list()) == []
        for location in ("b/2", "a", "b/1/x", "b-0", "c/1"):
            filesystem.put(location, location.encode())
        assert [info.location for info in filesystem.list()] == ["a", "b-0", "b/1/x", "b/2", "c/1"]
        assert [info.location for info in filesystem.list("b/")] == ["b/1/x", "b/2"]
        assert [info.location for info in filesystem.list("b")] == ["b-0", "b/1/x", "b/2"]
        assert [info.location for info in filesystem.list("b/1")] == ["b/1/x"]
        assert [info.location for info in filesystem.list("none/")] == []
        assert [info.size for info in filesystem.list("b/1")] == [5]

    def test_put_if_absent(self, filesystem: FileSystem) -> None:
        """A conditional put stores once; the next one is a Conflict and changes nothing."""
        if not filesystem.supports_put_if_absent:
            with pytest.raises(StorageError):
                filesystem.put_if_absent("a/b", b"1")
            return
        assert filesystem.put_if_absent("a/b", b"1").size == 1
        with pytest.raises(Conflict, match="a/b"):
            filesystem.put_if_absent("a/b", b"2")
        assert filesystem.get("a/b") == b"1"
        assert [info.location for info in filesystem.list()] == ["a/b"]

    def test_one_of_many_concurrent_conditional_puts_wins(self, filesystem: FileSystem) -> None:
        """Of concurrent conditional puts one succeeds, and its bytes are what is stored."""
        if not filesystem.supports_put_if_absent:
            pytest.skip("the storage has no conditional put")
        start = threading.Barrier(8)

        def attempt(number: int) -> int | None:
            start.wait()
            try:
                filesystem.put_if_absent("one", str(number).encode())
            except Conflict:
                return None
            return number

        with ThreadPoolExecutor(8) as pool:
            winners = [number for number in pool.map(attempt, range(8)) if number is not None]
        assert len(winners) == 1
        assert filesystem.get("one") == str(winners[0]).encode()

    def test_readers_never_see_a_part(self, filesystem: FileSystem) -> None:
        """While one thread replaces an object, others read the old bytes or the new ones."""
        versions = [bytes([letter]) * 200_000 for letter in b"abcd"]
        filesystem.put("shared", versions[0])

        def read(_: int) -> set[bytes]:
            return {filesystem.get("shared") for _ in range(8)}

        with ThreadPoolExecutor(3) as pool:
            seen = [pool.submit(read, number) for number in range(2)]
            for version in versions:
                filesystem.put("shared", version)
        assert set().union(*(future.result() for future in seen)) <= set(versions)

    def test_open_write_shows_nothing_before_the_end(self, filesystem: FileSystem) -> None:
        """What is written to a stream is invisible until its block ends, then there as a whole."""
        writer = filesystem.open_write("a/stream")
        with writer as file:
            for _ in range(40):
                file.write(b"0123456789" * 1000)
            assert filesystem.exists("a/stream") is False
            assert list(filesystem.list()) == []
        assert filesystem.get("a/stream") == b"0123456789" * 40_000
        assert writer.info is not None
        assert (writer.info.location, writer.info.size) == ("a/stream", 400_000)

    @pytest.mark.parametrize("chunks", [0, 1, 2])
    def test_an_aborted_stream_leaves_nothing(self, filesystem: FileSystem, chunks: int) -> None:
        """A stream whose block raises changes nothing, and leaves nothing behind."""
        filesystem.put("kept", b"old")

        def fail() -> None:
            with filesystem.open_write("kept") as file:
                for _ in range(chunks):
                    file.write(b"new" * 50_000)
                raise RuntimeError("killed")

        with pytest.raises(RuntimeError, match="killed"):
            fail()
        assert filesystem.get("kept") == b"old"
        assert [info.location for info in filesystem.list()] == ["kept"]
        assert list(filesystem.leftovers()) == []

    def test_a_stream_can_start_again(self, filesystem: FileSystem) -> None:
        """A stream that can seek forgets what it is told to cut off."""
        writer = filesystem.open_write("again")
        if not writer.seekable():
            pytest.skip("the storage's streams cannot be rewound")
        with writer as file:
            file.write(b"wrong")
            file.write(b"wrong")
            file.seek(0)
            file.truncate()
            file.write(b"right")
        assert filesystem.get("again") == b"right"

    def test_open_read_streams(self, filesystem: FileSystem) -> None:
        """A file that is read in parts has all of its bytes."""
        data = bytes(range(256)) * 2000
        filesystem.put("a/file", data)
        with filesystem.open_read("a/file") as file:
            assert file.read(10) == data[:10]
            assert file.read() == data[10:]

    def test_empty_objects_are_objects(self, filesystem: FileSystem) -> None:
        """No bytes are bytes too."""
        with filesystem.open_write("empty"):
            pass
        assert filesystem.exists("empty") is True
        assert filesystem.get("empty") == b""
        assert filesystem.stat("empty").size == 0

    @pytest.mark.parametrize("location", UNSAFE)
    def test_locations_never_leave_the_root(self, filesystem: FileSystem, location: str) -> None:
        """A location that could leave the root is refused by every method."""
        methods: list[Any] = [
            filesystem.get,
            filesystem.exists,
            filesystem.stat,
            filesystem.delete,
            filesystem.open_read,
            filesystem.open_write,
            lambda where: filesystem.put(where, b"x"),
            lambda where: filesystem.put_if_absent(where, b"x"),
        ]
        if not filesystem.supports_put_if_absent:
            methods.pop()
        for method in methods:
            with pytest.raises(UnsafeLocation):
                method(location)

    def test_an_endless_name_is_refused_or_kept(self, filesystem: FileSystem) -> None:
        """A name of 5,000 characters is a clear error, or stored under that name."""
        location = "n" * 5000
        try:
            filesystem.put(location, b"x")
        except StorageError:
            assert list(filesystem.list()) == []
        else:
            assert filesystem.get(location) == b"x"

    @pytest.mark.parametrize("location", ODD_NAMES)
    def test_odd_names_are_kept(self, filesystem: FileSystem, location: str) -> None:
        """Names that a shell, a URL or a template would choke on are refused, or kept as is."""
        try:
            filesystem.put(location, b"x")
        except UnsafeLocation:
            assert list(filesystem.list()) == []
        else:
            assert filesystem.get(location) == b"x"
            assert [info.location for info in filesystem.list()] == [location]

    @pytest.mark.parametrize("location", LOOSE_NAMES)
    def test_loose_names_stay_below(self, filesystem: FileSystem, location: str) -> None:
        """Empty parts and dots are refused, or found again under the same name; once."""
        try:
            filesystem.put(location, b"x")
        except StorageError:
            assert list(filesystem.list()) == []
        else:
            assert filesystem.get(location) == b"x"
            (info,) = filesystem.list()
            assert filesystem.get(info.location) == b"x"

    @pytest.mark.parametrize("prefix", ["/", "/etc/", "../", "a/../../", "..", "\0"])
    def test_listings_never_leave_the_root(self, filesystem: FileSystem, prefix: str) -> None:
        """A prefix that could leave the root is refused, or there is nothing."""
        filesystem.put("a/b", b"x")
        for method in (filesystem.list, filesystem.leftovers):
            try:
                found = list(method(prefix))
            except StorageError:
                continue
            assert found == []

    def test_names_that_look_alike_are_told_apart(self, filesystem: FileSystem) -> None:
        """Names that differ in case or in Unicode form only are different ones."""
        names = ("name", "Name", "caf\u00e9", "cafe\u0301")
        for name in names:
            filesystem.put(name, name.encode())
        assert [filesystem.get(name) for name in names] == [name.encode() for name in names]

    def test_a_filesystem_is_a_value(self, filesystem: FileSystem) -> None:
        """A pickled copy is equal, has the same hash and reaches the same objects."""
        filesystem.put("a", b"x")
        copied = pickle.loads(pickle.dumps(filesystem))
        assert copied == filesystem
        assert hash(copied) == hash(filesystem)
        assert copied.get("a") == b"x"
        assert filesystem != object()
        assert type(filesystem).__name__ in repr(filesystem)


def _read(filesystem: FileSystem, location: str) -> bytes:
    with filesystem.open_read(location) as file:
        return file.read()
