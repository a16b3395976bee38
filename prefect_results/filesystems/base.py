"""The port through which results reach storage, and what it says about a stored object.

Not here: any particular storage; each has a module of its own.
"""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from prefect_results.exceptions import UnsafeLocation

if TYPE_CHECKING:
    from types import TracebackType

    from prefect_results.filesystems.leftovers import Leftover

# Names of files that are still being written start with this; no location may.
TEMPORARY_PREFIX = ".prefect-tmp-"


class FileInfo:
    """What is known about a stored object.

    Args:
        location: where it is, as the caller named it, relative to the root of its filesystem.
        size: number of bytes; None if the storage did not say.
        modified: when it was last written, in seconds since 1970 (UTC); None if not known.
        digest: `"algorithm:hex"` of the bytes, None if it was not computed or kept.
    """

    __slots__ = ("digest", "location", "modified", "size")

    def __init__(
        self,
        location: str,
        size: int | None = None,
        modified: float | None = None,
        digest: str | None = None,
    ) -> None:
        self.location = location
        self.size = size
        self.modified = modified
        self.digest = digest

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FileInfo) and self._fields() == other._fields()

    def __hash__(self) -> int:
        return hash(self._fields())

    def __repr__(self) -> str:
        return (
            f"FileInfo({self.location!r}, size={self.size}, modified={self.modified}, "
            f"digest={self.digest!r})"
        )

    def _fields(self) -> tuple[Any, ...]:
        return self.location, self.size, self.modified, self.digest


class Writer(metaclass=ABCMeta):
    """A binary file that is being written and that nobody sees until it is committed.

    Used as a context manager it commits at the end, and aborts when the block raised. It can be
    rewound by `seek(0)` and `truncate()` where `seekable()` is true.
    """

    __slots__ = ()

    # What was written, once it is committed.
    info: FileInfo | None

    @abstractmethod
    def write(self, data: Any, /) -> int:
        """Append bytes, or any object with the buffer interface.

        Returns:
            The number of bytes, always all of them.

        Raises:
            StorageError: if the storage refused them.
        """

    @abstractmethod
    def commit(self) -> FileInfo:
        """Make what was written visible, at once and as a whole.

        Raises:
            StorageError: if the storage refused it; nothing is visible then.
        """

    @abstractmethod
    def abort(self) -> None:
        """Forget what was written; does nothing after a commit. Never raises."""

    def seekable(self) -> bool:
        """Whether writing can start again by `seek(0)` and `truncate()`; false by default."""
        return False

    def __enter__(self) -> BinaryIO:
        return self  # type: ignore[return-value]

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        if kind is None:
            self.commit()
        else:
            self.abort()


class FileSystem(metaclass=ABCMeta):
    """Named objects of bytes under one root: the *where* of a result.

    Locations are relative names with `/` between their parts. None of them reaches outside of the
    root: an absolute one, one with `..`, a NUL or an over-long name is `UnsafeLocation`.

    All methods are synchronous and thread-safe. A filesystem is picklable; clients and connections
    are made lazily in each process. Filesystems are values: equal when they reach the same root.

    Every method raises a `StorageError`: `NotFound`, `PermissionDenied`, `Conflict`,
    `Unavailable`, `Corrupt`, `UnsafeLocation`, or that base itself; the vendor's own error is its
    `__cause__`.
    """

    # False where the storage cannot create an object only if there is none.
    supports_put_if_absent: bool = True

    @abstractmethod
    def get(self, location: str) -> bytes:
        """Return all bytes of an object.

        Raises:
            NotFound: if there is none.
        """

    @abstractmethod
    def put(self, location: str, data: bytes | bytearray | memoryview) -> FileInfo:
        """Store an object, instead of one that is there already; atomically.

        A reader sees the old bytes or the new ones, never a part of them.
        """

    @abstractmethod
    def put_if_absent(self, location: str, data: bytes | bytearray | memoryview) -> FileInfo:
        """Store an object unless there is one; of several concurrent callers one succeeds.

        Raises:
            Conflict: if there is one already.
            StorageError: always, where `supports_put_if_absent` is false.
        """

    @abstractmethod
    def exists(self, location: str) -> bool:
        """Whether there is an object."""

    @abstractmethod
    def stat(self, location: str) -> FileInfo:
        """What is known about an object.

        Raises:
            NotFound: if there is none.
        """

    @abstractmethod
    def delete(self, location: str) -> None:
        """Remove an object.

        Raises:
            NotFound: if there is none.
        """

    @abstractmethod
    def list(self, prefix: str = "") -> Iterator[FileInfo]:
        """Every object whose location starts with a prefix, ordered by location.

        Objects that are still being written are not among them.

        Args:
            prefix: the start of the locations, not necessarily a whole part; all by default.
        """

    @abstractmethod
    def open_read(self, location: str) -> BinaryIO:
        """Open an object for reading; the caller closes it.

        Raises:
            NotFound: if there is none.
        """

    @abstractmethod
    def open_write(self, location: str) -> Writer:
        """Open an object for writing; nothing is visible before the writer commits."""

    def canonical(self, location: str) -> str:
        """A text that is the same for all ways to say where an object lies.

        Of another filesystem of the same type too; nothing is said of other types. Made of the
        filesystem's repr and the location by default.

        Args:
            location: where.

        Raises:
            UnsafeLocation: if it could lead outside of the root.
        """
        return f"{self!r} {checked(location)}"

    def leftovers(self, prefix: str = "") -> Iterator[Leftover]:
        """What writes left that were interrupted, a process that was killed say; none by default.

        Writes that are under way are among them: age tells.

        Args:
            prefix: as for `list`.
        """
        return iter(())


def checked(location: str) -> str:
    """Return a location if it is one that can be used under a root.

    Raises:
        UnsafeLocation: if it is empty, absolute, no proper text, or has a `..`, a NUL or the name
            of an unfinished file in it.
    """
    if not isinstance(location, str) or not location:
        raise UnsafeLocation(
            f"A location is a non-empty text, not {location!r:.100}", location=str(location)
        )
    if "\0" in location:
        raise UnsafeLocation(f"The location {location!r:.200} has a NUL in it", location=location)
    if not location.isascii():
        try:
            location.encode()
        except UnicodeEncodeError as exc:
            raise UnsafeLocation(
                f"The location {location!r:.200} is no text that UTF-8 can hold", location=location
            ) from exc
    if location[0] == "/":
        raise UnsafeLocation(
            f"The location {location!r:.200} is absolute; it must be relative to the root",
            location=location,
        )
    if location[-1] == "/" or location == "." or location.endswith("/."):
        raise UnsafeLocation(f"The location {location!r:.200} names no file", location=location)
    # Some systems take a backslash for a separator.
    if ".." in location and ".." in location.replace("\\", "/").split("/"):
        raise UnsafeLocation(
            f"The location {location!r:.200} has a '..' in it, and could leave the root",
            location=location,
        )
    if TEMPORARY_PREFIX in location and location.split("/")[-1].startswith(TEMPORARY_PREFIX):
        raise UnsafeLocation(
            f"The location {location!r:.200} is named like an unfinished file", location=location
        )
    return location
