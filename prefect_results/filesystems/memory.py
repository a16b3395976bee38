"""Objects in the memory of this process.

Not here: fsspec's memory filesystem; it is one of those that `filesystems.fsspec` reaches.
"""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator
from typing import Any, BinaryIO

from prefect_results.exceptions import Conflict, NotFound
from prefect_results.filesystems.base import FileInfo, FileSystem, checked
from prefect_results.filesystems.digest import digest_of
from prefect_results.filesystems.spool import SpoolWriter

_stores: dict[str, dict[str, tuple[bytes, float]]] = {}
_lock = threading.Lock()


class MemoryFileSystem(FileSystem):
    """Objects that live as long as the process; for tests, and for results nobody needs later.

    Args:
        name: filesystems of one name share their objects. "default" by default.
    """

    __slots__ = ("_store", "name")

    def __init__(self, name: str = "default") -> None:
        self.name = name
        self._store = _stores.setdefault(name, {})

    def get(self, location: str) -> bytes:
        """Return all bytes of an object."""
        return self._entry(location)[0]

    def put(self, location: str, data: bytes | bytearray | memoryview) -> FileInfo:
        """Store an object, instead of one that is there already."""
        kept, now = bytes(data), time.time()
        self._store[checked(location)] = (kept, now)
        return FileInfo(location, len(kept), now, digest_of(kept))

    def put_if_absent(self, location: str, data: bytes | bytearray | memoryview) -> FileInfo:
        """Store an object unless there is one."""
        with _lock:
            if checked(location) in self._store:
                raise Conflict(f"{location!r} exists already in {self!r}", location=location)
            return self.put(location, data)

    def exists(self, location: str) -> bool:
        """Whether there is an object."""
        return checked(location) in self._store

    def stat(self, location: str) -> FileInfo:
        """Size and time of an object."""
        data, modified = self._entry(location)
        return FileInfo(location, len(data), modified)

    def delete(self, location: str) -> None:
        """Remove an object."""
        self._entry(location)
        self._store.pop(location, None)

    def list(self, prefix: str = "") -> Iterator[FileInfo]:
        """Every object whose location starts with a prefix, ordered by location."""
        for location, (data, modified) in sorted(dict(self._store).items()):
            if location.startswith(prefix):
                yield FileInfo(location, len(data), modified)

    def open_read(self, location: str) -> BinaryIO:
        """Open an object for reading."""
        return io.BytesIO(self.get(location))

    def open_write(self, location: str) -> SpoolWriter:
        """Open an object for writing; it appears when the writer commits."""
        return SpoolWriter(self, checked(location))

    def clear(self) -> None:
        """Remove all objects."""
        self._store.clear()

    def _entry(self, location: str) -> tuple[bytes, float]:
        try:
            return self._store[checked(location)]
        except KeyError:
            raise NotFound(f"{location!r} is not in {self!r}", location=location) from None

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.name,)
