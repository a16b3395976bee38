"""Any filesystem that fsspec reaches.

Not here: clouds by their own clients; each has a module of its own.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, BinaryIO, TypeVar

from prefect_results.exceptions import Conflict, MissingExtra, StorageError, UnsafeLocation
from prefect_results.filesystems.base import TEMPORARY_PREFIX, FileInfo, FileSystem, checked
from prefect_results.filesystems.digest import Digest, digest_of
from prefect_results.filesystems.errors import translate
from prefect_results.filesystems.leftovers import Leftover
from prefect_results.filesystems.spool import SpoolWriter

T = TypeVar("T")

# Storage with folders, where a file is visible while it is written: it is renamed when complete.
_FOLDERS = frozenset(("file", "local", "sftp", "ssh", "ftp", "smb", "hdfs", "arrow_hdfs"))
# One connection that threads must share in turns.
_SINGLE = frozenset(("sftp", "ssh", "ftp", "smb"))
_SFTP = frozenset(("sftp", "ssh"))
_LOCAL = frozenset(("file", "local"))
_CONDITIONAL = frozenset(("memory", "s3", "s3a", "gs", "gcs"))

_lock = threading.RLock()


class FSSpecFileSystem(FileSystem):
    """Objects below a URL of fsspec.

    Where the storage has folders a write goes to a temporary name and is renamed; elsewhere an
    object appears when it is complete.

    Args:
        url: such as `memory://results`, `sftp://host/folder`, `gs://bucket/folder`.
        **storage_options: for the class in fsspec; may hold credentials, so they are in no repr.

    Raises:
        MissingExtra: on first use, if fsspec or the driver of the protocol is not installed.
    """

    __slots__ = ("_connected", "_lock", "storage_options", "url")

    def __init__(self, url: str, **storage_options: Any) -> None:
        self.url = url
        self.storage_options = storage_options
        self._connected: tuple[int, Any, str] | None = None
        self._lock = threading.RLock()

    @property
    def protocol(self) -> str:
        """The part of the URL before `://`."""
        return self.url.partition("://")[0].rpartition("::")[2] if "://" in self.url else "file"

    @property
    def supports_put_if_absent(self) -> bool:  # type: ignore[override]
        """Whether the storage can create an object only if there is none."""
        return self.protocol in _CONDITIONAL | _LOCAL | _SFTP

    def get(self, location: str) -> bytes:
        """Return all bytes of an object."""
        return self._do(location, lambda fs, path: bytes(_whole(fs, path)))

    def put(self, location: str, data: bytes | bytearray | memoryview) -> FileInfo:
        """Store an object, instead of one that is there already."""
        return self._put(location, data, replace=True)

    def put_if_absent(self, location: str, data: bytes | bytearray | memoryview) -> FileInfo:
        """Store an object unless there is one."""
        if not self.supports_put_if_absent:
            raise StorageError(
                f"{self!r} cannot store an object only if there is none", location=location
            )
        return self._put(location, data, replace=False)

    def put_file(self, location: str, file: BinaryIO) -> FileInfo:
        """Store what a file holds, in parts; as `put` otherwise."""

        digest = Digest()

        def copy(fs: Any, path: str) -> None:
            target = fs.open(path, "wb")
            try:
                while piece := file.read(1 << 20):
                    digest.update(piece)
                    target.write(piece)
            except BaseException:
                # Closing it would make the part that was written an object.
                getattr(target, "discard", target.close)()
                raise
            target.close()

        self._do(location, lambda fs, path: self._write(fs, path, copy, replace=True))
        return FileInfo(location, digest.size, None, digest.text())

    def exists(self, location: str) -> bool:
        """Whether there is an object."""
        return self._do(location, lambda fs, path: bool(fs.isfile(path)))

    def stat(self, location: str) -> FileInfo:
        """Size and time of an object, as far as the storage says."""

        def info(fs: Any, path: str) -> FileInfo:
            found = fs.info(path)
            if found.get("type") == "directory":
                raise IsADirectoryError(path)
            return _info(location, found)

        return self._do(location, info)

    def delete(self, location: str) -> None:
        """Remove an object."""

        def remove(fs: Any, path: str) -> None:
            if not fs.isfile(path):
                raise FileNotFoundError(path)
            fs.rm_file(path)

        self._do(location, remove)

    def list(self, prefix: str = "") -> Iterator[FileInfo]:
        """Every object whose location starts with a prefix, ordered by location."""
        return iter(
            sorted(
                (info for info in self._found(prefix) if TEMPORARY_PREFIX not in info.location),
                key=lambda info: info.location,
            )
        )

    def leftovers(self, prefix: str = "") -> Iterator[Leftover]:
        """Temporary files of writes that were killed, or are under way; where there are folders."""
        for info in self._found(prefix) if self.protocol in _FOLDERS else ():
            if TEMPORARY_PREFIX in info.location:
                remove = partial(self._discard, info.location)
                yield Leftover(info.location, info.size, info.modified, remove)

    def _discard(self, location: str) -> None:
        def remove(fs: Any, path: str) -> None:
            name = location.rpartition("/")[2]
            with contextlib.suppress(FileNotFoundError):
                fs.rm_file(f"{path}/{name}" if path else name)

        self._do(location.rpartition("/")[0] or ".", remove)

    def _found(self, prefix: str) -> Sequence[FileInfo]:
        """All files whose location starts with a prefix, temporary ones too."""
        folder = prefix.rpartition("/")[0]

        def find(fs: Any, path: str) -> Sequence[FileInfo]:
            fs.invalidate_cache()
            start = path if folder else path.rstrip("/")
            if not fs.isdir(start or "/"):
                return []
            base = self._connect()[1]
            found = []
            for name, detail in fs.find(start or "/", detail=True).items():
                location = name[len(base) :].lstrip("/")
                if location.startswith(prefix):
                    found.append(_info(location, detail))
            return found

        return self._do(folder or ".", find)

    def open_read(self, location: str) -> BinaryIO:
        """Open an object for reading."""
        if self.protocol == "memory":
            return io.BytesIO(self.get(location))
        file: BinaryIO = self._do(location, lambda fs, path: _opened(fs, path))
        return file

    def open_write(self, location: str) -> SpoolWriter:
        """Open an object for writing; it appears when the writer commits."""
        return SpoolWriter(self, checked(location))

    def _put(self, location: str, data: Any, replace: bool) -> FileInfo:
        def pipe(fs: Any, path: str) -> None:
            if replace or self.protocol in _FOLDERS:
                fs.pipe_file(path, bytes(data))
            else:
                fs.pipe_file(path, bytes(data), mode="create")

        self._do(location, lambda fs, path: self._write(fs, path, pipe, replace))
        return FileInfo(location, memoryview(data).nbytes, None, digest_of(data))

    def _write(self, fs: Any, path: str, write: Callable[[Any, str], None], replace: bool) -> None:
        """Write an object as a whole: under its own name, or another one that is then changed."""
        if self.protocol not in _FOLDERS:
            with _lock:
                write(fs, path)
            return
        folder = path.rpartition("/")[0]
        fs.makedirs(folder or "/", exist_ok=True)
        temporary = f"{folder}/{TEMPORARY_PREFIX}{os.urandom(8).hex()}"
        try:
            write(fs, temporary)
            if replace:
                fs.mv(temporary, path)
            elif self.protocol in _LOCAL:
                os.link(temporary, path)
                fs.rm_file(temporary)
            else:
                _rename_if_absent(fs, temporary, path)
        except BaseException:
            if fs.exists(temporary):
                fs.rm_file(temporary)
            raise

    def _do(self, location: str, action: Callable[[Any, str], T]) -> T:
        """Do something with a location, errors translated."""
        checked(location)
        try:
            fs, root = self._connect()
            path = root if location == "." else f"{root.rstrip('/')}/{location}"
            with self._lock if self.protocol in _SINGLE else _no_lock:
                self._check_links(fs, root, path, location)
                return action(fs, path)
        except Exception as exc:
            if isinstance(exc, MissingExtra):
                raise
            translate(exc, location, f"{self._public_url()}/{location}")

    def _connect(self) -> tuple[Any, str]:
        """The filesystem of fsspec, and the path of the root in it; made once in each process."""
        pid = os.getpid()
        if self._connected is None or self._connected[0] != pid:
            try:
                from fsspec.core import url_to_fs
            except ImportError as exc:
                raise MissingExtra(package="fsspec", extra="fsspec") from exc
            try:
                fs, root = url_to_fs(self.url, **self.storage_options)
            except ImportError as exc:
                raise MissingExtra(f"The driver of {self.protocol}:// is missing: {exc}") from exc
            self._connected = (pid, fs, root)
        return self._connected[1:]

    def _check_links(self, fs: Any, root: str, path: str, location: str) -> None:
        """Refuse a path that a symbolic link leads out of the root, where there are links."""
        if self.protocol in _LOCAL:
            resolve: Callable[[str], str] = os.path.realpath
        elif self.protocol in _SFTP:
            resolve = _resolver(fs)
        else:
            return
        real_root, real = resolve(root), resolve(path)
        if real != real_root and not real.startswith(real_root.rstrip("/") + "/"):
            raise UnsafeLocation(
                f"The location {location!r:.200} leads outside of {self._public_url()}, through a "
                "symbolic link",
                location=location,
            )

    def _public_url(self) -> str:
        return re.sub(r"//[^/@]*@", "//", self.url).rstrip("/")

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, FSSpecFileSystem)
            and self.url == other.url
            and self.storage_options == other.storage_options
        )

    def __hash__(self) -> int:
        return hash(self.url)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._public_url()!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _make, (self.url, self.storage_options)


class _NoLock:
    def __enter__(self) -> None: ...

    def __exit__(self, *exc_info: object) -> None: ...


_no_lock = _NoLock()


def _make(url: str, options: dict[str, Any]) -> FSSpecFileSystem:
    return FSSpecFileSystem(url, **options)


def _opened(fs: Any, path: str) -> Any:
    # An SFTP server opens folders too, and fails on reading them.
    if fs.isdir(path):
        raise IsADirectoryError(path)
    return fs.open(path, "rb")


def _whole(fs: Any, path: str) -> Any:
    try:
        return fs.cat_file(path)
    except OSError as exc:
        if exc.errno is None and fs.isdir(path):
            raise IsADirectoryError(path) from exc
        raise


def _resolver(fs: Any) -> Callable[[str], str]:
    """What resolves the links of a path on an SFTP server, as far as it exists."""

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


def _rename_if_absent(fs: Any, temporary: str, path: str) -> None:
    """Rename on an SFTP server, which does not replace a file unless it is asked to."""
    try:
        fs.ftp.rename(temporary, path)
    except OSError as exc:
        if fs.exists(path):
            raise Conflict(f"{path} exists already", location=path) from exc
        raise


def _info(location: str, found: dict[str, Any]) -> FileInfo:
    """What fsspec knows about an object."""
    modified: Any = found.get("mtime") or found.get("created") or found.get("LastModified")
    if hasattr(modified, "timestamp"):
        modified = modified.timestamp()
    return FileInfo(location, found.get("size"), modified)
