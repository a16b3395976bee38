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

from prefect_results.exceptions import MissingExtra, StorageError, Unavailable, UnsafeLocation
from prefect_results.filesystems import drivers, http, sftp
from prefect_results.filesystems.base import TEMPORARY_PREFIX, FileInfo, FileSystem, checked
from prefect_results.filesystems.digest import Digest, digest_of
from prefect_results.filesystems.drivers import info_of, kind_of, opened
from prefect_results.filesystems.errors import translate
from prefect_results.filesystems.leftovers import Leftover
from prefect_results.filesystems.retrying import Retries
from prefect_results.filesystems.spool import SpoolWriter

T = TypeVar("T")

# Storage with folders, where a file is visible while it is written: it is renamed when complete.
_FOLDERS = frozenset(("file", "local", "sftp", "ssh", "ftp", "smb", "hdfs", "arrow_hdfs"))
# One connection that threads must share in turns.
_SINGLE = frozenset(("sftp", "ssh", "ftp", "smb"))
_LOCAL = frozenset(("file", "local"))
_CONDITIONAL = frozenset(("memory", "s3", "s3a", "gs", "gcs", "abfs", "abfss", "az"))

_lock = threading.RLock()


class FSSpecFileSystem(FileSystem):
    """Objects below a URL of fsspec.

    Where the storage has folders a write goes to a temporary name and is renamed; elsewhere an
    object appears when it is complete.

    Args:
        url: such as `memory://results`, `sftp://host/folder`, `gs://bucket/folder`.
        retries: for SFTP, how often and how long a request is tried again, on a new connection;
            other drivers of fsspec try again, or not, by themselves.
        **storage_options: for the class in fsspec; may hold credentials, so they are in no repr.

    Raises:
        MissingExtra: on first use, if fsspec or the driver of the protocol is not installed.
    """

    __slots__ = ("_connected", "_lock", "retries", "storage_options", "url")

    def __init__(self, url: str, *, retries: Retries | None = None, **storage_options: Any) -> None:
        self.url = url
        self.retries = Retries() if retries is None else retries
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
        return self.protocol in _CONDITIONAL | _LOCAL | sftp.PROTOCOLS

    def get(self, location: str) -> bytes:
        """Return all bytes of an object."""
        return self.do(location, lambda fs, path: bytes(self._whole(fs, path)))

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
            nonlocal digest
            if digest.size:
                # An earlier try took some of it.
                file.seek(0)
                digest = Digest()
            write = sftp.write if self.protocol in sftp.PROTOCOLS else drivers.write
            write(fs, path, drivers.hashed(file, digest))

        self._write(location, copy, replace=True)
        return FileInfo(location, digest.size, None, digest.text())

    def exists(self, location: str) -> bool:
        """Whether there is an object."""
        return self.do(location, lambda fs, path: kind_of(fs, path) == "file")

    def stat(self, location: str) -> FileInfo:
        """Size and time of an object, as far as the storage says."""

        def info(fs: Any, path: str) -> FileInfo:
            found = fs.info(path)
            if found.get("type") == "directory":
                raise IsADirectoryError(path)
            return info_of(location, found)

        return self.do(location, info)

    def delete(self, location: str) -> None:
        """Remove an object."""
        if self.protocol in http.PROTOCOLS:
            http.refuse(self._public_url(), "remove an object")
        tried = False

        def remove(fs: Any, path: str) -> None:
            nonlocal tried
            if kind_of(fs, path) != "file":
                # The answer to the try before may have been lost.
                if tried:
                    return
                raise FileNotFoundError(path)
            tried = True
            fs.rm_file(path)

        self.do(location, remove)

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

        self.do(location.rpartition("/")[0] or None, remove)

    def _found(self, prefix: str) -> Sequence[FileInfo]:
        """All files whose location starts with a prefix, temporary ones too."""
        if self.protocol in http.PROTOCOLS:
            http.refuse(self._public_url(), "list what there is")
        folder = prefix.rpartition("/")[0]

        def find(fs: Any, path: str) -> Sequence[FileInfo]:
            fs.invalidate_cache()
            start = path if folder else path.rstrip("/")
            if kind_of(fs, start or "/") != "directory":
                return []
            base = self._connect()[1]
            found = []
            # By default it leaves out what it cannot list, for whatever reason.
            how = {"on_error": "raise"} if self.protocol in sftp.PROTOCOLS else {}
            for name, detail in fs.find(start or "/", detail=True, **how).items():
                location = name[len(base) :].lstrip("/")
                if location.startswith(prefix):
                    found.append(info_of(location, detail))
            return found

        return self.do(folder or None, find)

    def open_read(self, location: str) -> BinaryIO:
        """Open an object for reading."""
        if self.protocol == "memory":
            return io.BytesIO(self.get(location))
        if self.protocol in sftp.PROTOCOLS:
            return sftp.open_read(self, location)
        file: BinaryIO = self.do(location, lambda fs, path: opened(fs, path))
        return file

    def open_write(self, location: str) -> SpoolWriter:
        """Open an object for writing; it appears when the writer commits."""
        return SpoolWriter(self, checked(location))

    def _put(self, location: str, data: Any, replace: bool) -> FileInfo:
        def pipe(fs: Any, path: str) -> None:
            if self.protocol in sftp.PROTOCOLS:
                sftp.write(fs, path, (data,))
            elif replace or self.protocol in _FOLDERS:
                fs.pipe_file(path, bytes(data))
            else:
                drivers.create(fs, path, bytes(data))

        self._write(location, pipe, replace)
        return FileInfo(location, memoryview(data).nbytes, None, digest_of(data))

    def _write(self, location: str, write: Callable[[Any, str], None], replace: bool) -> None:
        """Write an object as a whole: under its own name, or another one that is then changed."""
        name = f"{TEMPORARY_PREFIX}{os.urandom(8).hex()}"
        renaming = False

        def attempt(fs: Any, path: str) -> None:
            nonlocal renaming
            if self.protocol not in _FOLDERS:
                with _lock:
                    write(fs, path)
                return
            folder = path.rpartition("/")[0]
            temporary = f"{folder}/{name}"
            if renaming and kind_of(fs, temporary) is None and kind_of(fs, path) == "file":
                # Nobody else knows the name: it was changed, and the answer was lost.
                return
            fs.makedirs(folder or "/", exist_ok=True)
            try:
                write(fs, temporary)
                renaming = True
                self._rename(fs, temporary, path, replace)
            except BaseException:
                # What cannot be removed now is a leftover.
                with contextlib.suppress(Exception):
                    if not renaming or kind_of(fs, temporary) is not None:
                        fs.rm_file(temporary)
                raise

        self.do(location, attempt)

    def _rename(self, fs: Any, temporary: str, path: str, replace: bool) -> None:
        if replace:
            fs.mv(temporary, path)
        elif self.protocol in _LOCAL:
            os.link(temporary, path)
            fs.rm_file(temporary)
        else:
            sftp.rename_if_absent(fs, temporary, path)

    def do(self, location: str | None, action: Callable[[Any, str], T]) -> T:
        """Do something with a location; errors translated and, for SFTP, tried again.

        Args:
            location: as the caller named it; None for the root.
            action: takes the filesystem of fsspec and the path in it; may be done again after a
                try that failed, or whose answer was lost.
        """
        if location is not None:
            drivers.check_name(self.protocol, checked(location))
        if self.protocol in sftp.PROTOCOLS:
            return self.retries.run(lambda number: self._attempt(location, action), "sftp")
        return self._attempt(location, action)

    def _attempt(self, location: str | None, action: Callable[[Any, str], T]) -> T:
        fs = None
        where = self._public_url() if location is None else f"{self._public_url()}/{location}"
        with self._lock if self.protocol in _SINGLE else contextlib.nullcontext():
            try:
                fs, root = self._connect()
                if self.protocol in sftp.PROTOCOLS:
                    sftp.ready(fs, self.retries.timeout)
                path = root if location is None else f"{root.rstrip('/')}/{location}"
                self._check_links(fs, root, path, location or "")
                return action(fs, path)
            except MissingExtra:
                raise
            except Exception as exc:
                said = http.meaning(exc) if self.protocol in http.PROTOCOLS else None
                if said is not None:
                    raise type(said)(f"{where} {said}", location=location or "") from exc
                kind = sftp.meaning(exc, fs) if self.protocol in sftp.PROTOCOLS else None
                if kind is None:
                    translate(exc, location or "", where)
                if fs is not None:
                    sftp.drop(fs)
                words = "cannot be reached" if kind is Unavailable else "may not be accessed"
                raise kind(
                    f"{where} {words}: {type(exc).__name__}", location=location or ""
                ) from exc

    def _connect(self) -> tuple[Any, str]:
        """The filesystem of fsspec, and the path of the root in it; made once in each process."""
        pid = os.getpid()
        if self._connected is None or self._connected[0] != pid:
            options = self.storage_options
            if self.protocol in sftp.PROTOCOLS:
                options = {**sftp.limits(self.retries.timeout), **options}
            fs, root = drivers.connect(self.url, options)
            self._connected = (pid, fs, root)
        return self._connected[1:]

    def _whole(self, fs: Any, path: str) -> Any:
        try:
            return sftp.whole(fs, path) if self.protocol in sftp.PROTOCOLS else fs.cat_file(path)
        except OSError as exc:
            if exc.errno is None and kind_of(fs, path) == "directory":
                raise IsADirectoryError(path) from exc
            raise

    def _check_links(self, fs: Any, root: str, path: str, location: str) -> None:
        """Refuse a path that a symbolic link leads out of the root, where there are links."""
        if self.protocol in _LOCAL:
            resolve: Callable[[str], str] = os.path.realpath
        elif self.protocol in sftp.PROTOCOLS:
            resolve = sftp.resolver(fs)
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
        url = http.public(self.url) if self.protocol in http.PROTOCOLS else self.url
        return re.sub(r"//[^/@]*@", "//", url).rstrip("/")

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
        return _make, (self.url, self.retries, self.storage_options)


def _make(url: str, retries: Retries, options: dict[str, Any]) -> FSSpecFileSystem:
    return FSSpecFileSystem(url, retries=retries, **options)
