"""What SFTP needs beside fsspec's driver: a connection that is made again, and reads that go on.

fsspec's `exists`, `isfile` and `isdir` say no where the connection was lost, and paramiko takes
some losses for the end of a file; nothing here does. Not here: when something is tried again.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from prefect_results.exceptions import (
    Conflict,
    Corrupt,
    NotFound,
    PermissionDenied,
    StorageError,
    Unavailable,
)

if TYPE_CHECKING:
    from prefect_results.filesystems.digest import Data
    from prefect_results.filesystems.fsspec import FSSpecFileSystem

PROTOCOLS = frozenset(("sftp", "ssh"))
# Errors of paramiko, by name: it is imported on first use only.
ERRORS: dict[str, type[StorageError]] = {
    "AuthenticationException": PermissionDenied,
    "BadHostKeyException": PermissionDenied,
    "SSHException": Unavailable,
    "EOFError": Unavailable,
    "ConnectionError": Unavailable,
    "TimeoutError": Unavailable,
    "gaierror": Unavailable,
    "NoValidConnectionsError": Unavailable,
}
# What an error of authentication says when it is the connection that failed.
_LOST = ("transport shut down", "Authentication timeout")
# A file up to this size is read at once; larger ones in blocks of it.
BLOCK = 4 * 1024 * 1024
_PIECE = 256 * 1024


def limits(timeout: float) -> dict[str, float]:
    """Options of the driver that bound how long a connection may take, in seconds."""
    return {"timeout": timeout, "banner_timeout": timeout, "auth_timeout": timeout}


def ready(fs: Any, timeout: float) -> None:
    """Connect again if the connection was lost, and bound how long an answer may take."""
    transport = fs.client.get_transport()
    if transport is None or not transport.is_active() or fs.ftp.get_channel().closed:
        fs.client.close()
        fs._connect()
    channel = fs.ftp.get_channel()
    if channel.gettimeout() is None:
        channel.settimeout(timeout)


def drop(fs: Any) -> None:
    """Give a connection up; never raises."""
    with contextlib.suppress(Exception):
        fs.client.close()


def meaning(exc: Exception, fs: Any) -> type[StorageError] | None:
    """The error of the port for one of the connection; None for an answer of the server.

    Args:
        exc: the error.
        fs: of fsspec; None if there is no connection yet.
    """
    if isinstance(exc, StorageError):
        return None
    for kind in type(exc).__mro__:
        found = ERRORS.get(kind.__name__)
        if found is not None:
            return Unavailable if any(words in str(exc) for words in _LOST) else found
    transport = fs.client.get_transport() if fs is not None else None
    if fs is not None and (transport is None or not transport.is_active()):
        return Unavailable
    # paramiko has no class for it.
    return Unavailable if str(exc) == "Socket is closed" else None


def whole(fs: Any, path: str) -> bytes:
    """Read a file, all of it."""
    with fs.ftp.open(path, "rb") as file:
        size = file.stat().st_size
        data = _block(file, 0, size)
    if len(data) != size:
        raise Unavailable(f"{path} ended after {len(data)} of {size} bytes", location=path)
    return data


def write(fs: Any, path: str, pieces: Iterable[Data]) -> None:
    """Write a file; it may be visible before it is whole."""
    size = 0
    with fs.ftp.open(path, "wb") as file:
        # Waiting for the answer to each 32 KB takes as long as the network is wide.
        file.set_pipelined(True)
        for piece in pieces:
            view = memoryview(piece).cast("B")
            for start in range(0, len(view), _PIECE):
                file.write(bytes(view[start : start + _PIECE]))
            size += len(view)
    found = fs.ftp.stat(path).st_size
    if found != size:
        raise Unavailable(f"{path} has taken {found} of {size} bytes", location=path)


def resolver(fs: Any) -> Callable[[str], str]:
    """What resolves the links of a path, as far as it exists."""

    def resolve(path: str) -> str:
        missing = ""
        while True:
            try:
                real = fs.ftp.normalize(path or "/").rstrip("/")
                return f"{real}{missing}"
            except FileNotFoundError:
                if path in ("", "/"):
                    raise
                path, _, name = path.rpartition("/")
                missing = f"/{name}{missing}"

    return resolve


def rename_if_absent(fs: Any, temporary: str, path: str) -> None:
    """Rename; a server does not replace a file unless it is asked to."""
    try:
        fs.ftp.rename(temporary, path)
    except OSError as exc:
        if meaning(exc, fs) is not None:
            raise
        try:
            fs.ftp.stat(path)
        except FileNotFoundError:
            raise exc from None
        raise Conflict(f"{path} exists already", location=path) from exc


def open_read(filesystem: FSSpecFileSystem, location: str) -> BinaryIO:
    """Open a file for reading; a small one is read at once."""

    def begin(fs: Any, path: str) -> bytes | tuple[int, float]:
        found = fs.info(path)
        if found["type"] == "directory":
            raise IsADirectoryError(path)
        if found["size"] <= BLOCK:
            return whole(fs, path)
        return found["size"], found["mtime"]

    first = filesystem.do(location, begin)
    if isinstance(first, bytes):
        return io.BytesIO(first)
    return cast("BinaryIO", io.BufferedReader(_Reader(filesystem, location, *first), BLOCK))


def _block(file: Any, start: int, count: int) -> bytes:
    """Read bytes that are there, many requests under way at a time."""
    return b"".join(file.readv([(start, count)])) if count else b""


class _Reader(io.RawIOBase):
    """Reads a file in blocks; goes on after the connection was lost.

    Args:
        filesystem: of the file.
        location: where it is.
        size: number of bytes.
        modified: when it was written; a file that is another one meanwhile is not mixed with it.
    """

    def __init__(
        self, filesystem: FSSpecFileSystem, location: str, size: int, modified: Any
    ) -> None:
        self._filesystem = filesystem
        self._location = location
        self._size = size
        self._modified = modified
        self._position = 0
        # The file, and the connection that it is open on.
        self._open: tuple[Any, Any] | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        view = memoryview(buffer).cast("B")
        count = min(len(view), BLOCK, self._size - self._position)
        if not count:
            return 0
        data = self._filesystem.do(
            self._location, lambda fs, path: self._read(fs, path, self._position, count)
        )
        view[:count] = data
        self._position += count
        return count

    def close(self) -> None:
        if not self.closed and self._open is not None:
            with contextlib.suppress(Exception):
                self._open[0].close()
        super().close()

    def _read(self, fs: Any, path: str, start: int, count: int) -> bytes:
        if self._open is None or self._open[1] is not fs.ftp:
            try:
                found = fs.info(path)
            except FileNotFoundError as exc:
                raise self._gone(NotFound, "was deleted") from exc
            if (found["size"], found["mtime"]) != (self._size, self._modified):
                raise self._gone(Corrupt, "was replaced")
            self._open = fs.ftp.open(path, "rb"), fs.ftp
        data = _block(self._open[0], start, count)
        if len(data) != count:
            self._open = None
            raise Unavailable(f"{path} gave {len(data)} of {count} bytes", location=self._location)
        return data

    def _gone(self, kind: type[StorageError], words: str) -> StorageError:
        return kind(f"{self._location!r:.500} {words} while it was read", location=self._location)
