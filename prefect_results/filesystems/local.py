"""Files under a directory of this machine.

Not here: what a result stores in them, and how its location is made.
"""

from __future__ import annotations

import errno
import io
import os
import stat as stat_module
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO

from prefect_results.exceptions import NotFound, UnsafeLocation
from prefect_results.filesystems import atomic
from prefect_results.filesystems.base import (
    TEMPORARY_PREFIX,
    FileInfo,
    FileSystem,
    checked,
)
from prefect_results.filesystems.digest import digest_of
from prefect_results.filesystems.errors import translate

if TYPE_CHECKING:
    from prefect_results.filesystems.leftovers import Leftover

# A file up to this size is read in one call; larger ones are streamed.
SMALL = 64 * 1024
# Folders known to lie under their root, per filesystem; a bound, not a tuning knob.
KNOWN_FOLDERS = 4096

_CLOEXEC = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_READ = os.O_RDONLY | _CLOEXEC | _NOFOLLOW | getattr(os, "O_NONBLOCK", 0)


class LocalFileSystem(FileSystem):
    """Files under a directory; writes are atomic.

    A write goes to a temporary file in the same folder, which is then renamed: a killed process
    leaves no half object, at most a temporary file, which no method here shows. Folders are made
    when they are needed. A symbolic link is followed as long as it stays under the root.

    Args:
        root: the directory; made absolute, `~` expanded. It need not exist yet.
    """

    __slots__ = ("_folders", "_prefix", "_resolved", "root")

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = os.path.abspath(os.path.expanduser(os.fspath(root)))
        self._prefix = self.root if self.root.endswith("/") else self.root + "/"
        self._folders: set[str] = set()
        self._resolved: str | None = None

    def holds(self, location: str) -> bool:
        """Whether an absolute path is written as one under the root."""
        return location.startswith(self._prefix)

    def path(self, location: str) -> str:
        """The absolute path of a location.

        Args:
            location: relative to the root, or absolute and under it.

        Raises:
            UnsafeLocation: if it could lead outside of the root.
        """
        prefix = self._prefix
        if location.__class__ is str and location.startswith(prefix):
            # "//" comes of a value that starts with "/", in a template; it stays below.
            location = location[len(prefix) :].lstrip("/")
        path = prefix + checked(location)
        folder = path[: path.rindex("/")]
        if folder not in self._folders:
            self._verify(folder, location)
        return path

    def canonical(self, location: str) -> str:
        """The absolute path, all folders that are links resolved."""
        folder, _, name = self.path(location).rpartition("/")
        return os.path.join(os.path.realpath(folder or "/"), name)

    def get(self, location: str) -> bytes:
        """Return all bytes of a file."""
        path = self.path(location)
        try:
            fd = self._open(path, location)
            try:
                data = os.read(fd, SMALL)
                if len(data) < SMALL:
                    return data
                with open(fd, "rb", buffering=0, closefd=False) as file:
                    return data + file.readall()
            finally:
                os.close(fd)
        except OSError as exc:
            translate(exc, location, path)

    def open_read(self, location: str) -> BinaryIO:
        """Open a file for reading; a small one is read at once."""
        path = self.path(location)
        try:
            fd = self._open(path, location)
            try:
                data = os.read(fd, SMALL)
                if len(data) < SMALL:
                    os.close(fd)
                    return io.BytesIO(data)
                os.lseek(fd, 0, os.SEEK_SET)
                return open(fd, "rb")
            except BaseException:
                os.close(fd)
                raise
        except OSError as exc:
            translate(exc, location, path)

    def put(self, location: str, data: atomic.Data) -> FileInfo:
        """Store a file, instead of one that is there already; atomically."""
        return self.store(self.path(location), location, data)

    def put_if_absent(self, location: str, data: atomic.Data) -> FileInfo:
        """Store a file unless there is one; of several concurrent callers one succeeds."""
        path = self.path(location)
        try:
            try:
                size = atomic.link(path, data)
            except FileNotFoundError:
                self._make_folder(path, location)
                size = atomic.link(path, data)
            return FileInfo(location, size, None, digest_of(data))
        except OSError as exc:
            translate(exc, location, path)

    def exists(self, location: str) -> bool:
        """Whether there is a file."""
        path = self.path(location)
        try:
            mode = os.lstat(path).st_mode
            if stat_module.S_ISLNK(mode):
                self._inside(path, location)
                mode = os.stat(path).st_mode
        except FileNotFoundError:
            return False
        except OSError as exc:
            if exc.errno == errno.ENOTDIR:
                return False
            translate(exc, location, path)
        return stat_module.S_ISREG(mode)

    def stat(self, location: str) -> FileInfo:
        """Size and time of a file."""
        path = self.path(location)
        try:
            found = os.lstat(path)
            if stat_module.S_ISLNK(found.st_mode):
                self._inside(path, location)
                found = os.stat(path)
        except OSError as exc:
            translate(exc, location, path)
        if not stat_module.S_ISREG(found.st_mode):
            raise NotFound(f"{path} is not a file", location=location)
        return FileInfo(location, found.st_size, found.st_mtime)

    def delete(self, location: str) -> None:
        """Remove a file."""
        path = self.path(location)
        try:
            os.unlink(path)
        except OSError as exc:
            if os.path.isdir(path):
                raise NotFound(f"{path} is not a file", location=location) from exc
            translate(exc, location, path)

    def list(self, prefix: str = "") -> Iterator[FileInfo]:
        """Every file whose location starts with a prefix, ordered by location."""
        if prefix:
            checked(prefix.rstrip("/") or prefix)
        folder = prefix[: prefix.rindex("/") + 1] if "/" in prefix else ""
        if folder:
            self._verify(self._prefix + folder[:-1], folder)
        return self._walk(folder, prefix)

    def leftovers(self, prefix: str = "") -> Iterator[Leftover]:
        """Temporary files of writes that were killed, or are under way."""
        from prefect_results.filesystems.leftovers import Leftover

        below = prefix[: prefix.rfind("/") + 1]
        if below:
            checked(below.rstrip("/") or below)
        start = self._prefix + below
        if not self._inside(start.rstrip("/") or "/", prefix):
            return
        for folder, _, names in os.walk(start):
            for name in names:
                path = os.path.join(folder, name)
                location = path[len(self._prefix) :]
                if name.startswith(TEMPORARY_PREFIX) and location.startswith(prefix):
                    try:
                        found = os.lstat(path)
                    except FileNotFoundError:
                        continue
                    yield Leftover(location, found.st_size, found.st_mtime, partial(_unlink, path))

    def open_write(self, location: str) -> atomic.LocalWriter:
        """Open a file for writing; it appears when the writer commits."""
        return atomic.LocalWriter(self, self.path(location), location)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.root == other.root

    def __hash__(self) -> int:
        return hash(self.root)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.root!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.root,)

    def _walk(self, folder: str, prefix: str) -> Iterator[FileInfo]:
        try:
            with os.scandir(self._prefix + folder) as found:
                entries = [(entry.name + ("/" if entry.is_dir() else ""), entry) for entry in found]
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as exc:
            translate(exc, folder, self._prefix + folder)
        for name, entry in sorted(entries, key=lambda pair: pair[0]):
            location = folder + name
            if name.startswith(TEMPORARY_PREFIX):
                continue
            if name.endswith("/"):
                # A linked folder could lead anywhere, or around in circles.
                if not entry.is_symlink() and (
                    location.startswith(prefix) or prefix.startswith(location)
                ):
                    yield from self._walk(location, prefix)
            elif location.startswith(prefix):
                try:
                    yield self.stat(location)
                except (NotFound, UnsafeLocation):
                    continue

    def _verify(self, folder: str, location: str) -> None:
        """Remember that a folder lies under the root, links resolved."""
        if self._inside(folder, location) and len(folder) - len(self.root) <= 4096:
            if len(self._folders) >= KNOWN_FOLDERS:
                self._folders.clear()
            self._folders.add(folder)

    def _inside(self, path: str, location: str) -> bool:
        """Whether a path under the root exists; `UnsafeLocation` if a link leads it outside."""
        root = self._resolved
        if root is None:
            root = os.path.realpath(self.root)
            if os.path.isdir(root):
                self._resolved = root
        try:
            real = os.path.realpath(path)
        except (OSError, ValueError) as exc:
            raise UnsafeLocation(
                f"The location {location!r:.200} cannot be resolved: {exc}", location=location
            ) from exc
        if real != root and not real.startswith(root if root == "/" else root + "/"):
            raise UnsafeLocation(
                f"The location {location!r:.200} leads outside of {self.root}, through a symbolic "
                "link",
                location=location,
            )
        return os.path.isdir(path)

    def _open(self, path: str, location: str) -> int:
        """Open a file for reading; a link only if it stays under the root."""
        try:
            fd = os.open(path, _READ)
        except OSError as exc:
            if exc.errno != errno.ELOOP:
                raise
            self._inside(path, location)
            fd = os.open(os.path.realpath(path), _READ)
        return fd

    def create(self, path: str, location: str) -> tuple[str, int]:
        """Make a temporary file in the folder of a path that was checked, and the folder."""
        try:
            try:
                return atomic.create(path)
            except FileNotFoundError:
                self._make_folder(path, location)
                return atomic.create(path)
        except OSError as exc:
            translate(exc, location, path)

    def store(self, path: str, location: str, data: atomic.Data) -> FileInfo:
        """Write bytes to a path that was checked; atomically."""
        try:
            try:
                size = atomic.replace(path, data)
            except FileNotFoundError:
                self._make_folder(path, location)
                size = atomic.replace(path, data)
            return FileInfo(location, size, None, digest_of(data))
        except OSError as exc:
            translate(exc, location, path)

    def _make_folder(self, path: str, location: str) -> None:
        folder = path[: path.rindex("/")] or "/"
        os.makedirs(folder, exist_ok=True)
        self._folders.discard(folder)
        self._verify(folder, location)


def _unlink(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
    except OSError as exc:
        translate(exc, path, path)
