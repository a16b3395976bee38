"""Local files that appear as a whole: written under a temporary name, then renamed.

Not here: which paths may be written; the filesystem has checked them.
"""

from __future__ import annotations

import io
import os
from itertools import count
from typing import TYPE_CHECKING, Any

from prefect_results.filesystems.base import TEMPORARY_PREFIX, FileInfo, Writer
from prefect_results.filesystems.digest import LARGE, Behind, Digest
from prefect_results.filesystems.errors import translate

if TYPE_CHECKING:
    from typing import TypeAlias

    from prefect_results.filesystems.local import LocalFileSystem

    Data: TypeAlias = bytes | bytearray | memoryview

_FLAGS = (
    os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
)
_process = f"{TEMPORARY_PREFIX}{os.urandom(4).hex()}-"
_numbers = count()


def create(path: str) -> tuple[str, int]:
    """Make a temporary file in the folder of a path.

    Returns:
        Its name and an open descriptor.

    Raises:
        FileNotFoundError: if the folder does not exist.
    """
    # Processes that were forked share the prefix, and are told apart by their number.
    name = f"{path[: path.rindex('/') + 1]}{_process}{os.getpid():x}-{next(_numbers):x}"
    return name, os.open(name, _FLAGS, 0o666)


def write(path: str, data: Data) -> tuple[str, int]:
    """Write bytes to a new temporary file in the folder of a path.

    Returns:
        Its name and its size.
    """
    name, fd = create(path)
    try:
        try:
            done = os.write(fd, data)
            # The system may take only a part at once.
            if data.__class__ is not bytes or done != len(data):
                view = memoryview(data).cast("B")
                while done < view.nbytes:
                    done += os.write(fd, view[done:])
        finally:
            os.close(fd)
    except BaseException:
        remove(name)
        raise
    return name, done


def replace(path: str, data: Data) -> int:
    """Write bytes to a path, which has them all or is as it was; return their number."""
    name, size = write(path, data)
    try:
        os.replace(name, path)
    except BaseException:
        remove(name)
        raise
    return size


def link(path: str, data: Data) -> int:
    """Write bytes to a path unless there is a file; return their number.

    Raises:
        FileExistsError: if there is one.
    """
    name, size = write(path, data)
    try:
        os.link(name, path)
    finally:
        remove(name)
    return size


def remove(path: str) -> None:
    """Remove a temporary file, if it is still there."""
    try:
        os.unlink(path)
    except OSError:
        pass


def write_hashed(file: Any, data: Any, digest: Digest) -> int:
    """Write bytes and hash them; return their number."""
    view = memoryview(data).cast("B")
    if view.nbytes < LARGE:
        digest.update(view)
        file.write(view)
    else:
        with Behind(digest) as behind:
            behind.add(view)
            file.write(view)
    return view.nbytes


class LocalWriter(Writer):
    """Writes to a temporary file; what comes in one piece never needs a stream.

    Args:
        filesystem: makes folders, and stores what came in one piece.
        path: where the file will be.
        location: as the caller named it.
    """

    __slots__ = ("_digest", "_file", "_filesystem", "_head", "_location", "_name", "info", "path")

    def __init__(self, filesystem: LocalFileSystem, path: str, location: str) -> None:
        self._filesystem = filesystem
        self.path = path
        self._location = location
        self._head: bytes = b""
        self._name: str | None = None
        self._file: io.BufferedWriter | None = None
        # None while what was written was not written from start to end.
        self._digest: Digest | None = None
        self.info: FileInfo | None = None

    def write(self, data: Any, /) -> int:
        """Append bytes."""
        file = self._file
        if file is None:
            if not self._head and data.__class__ is bytes:
                self._head = data
                return len(data)
            file = self._start()
        try:
            if self._digest is None:
                return file.write(data)
            return write_hashed(file, data, self._digest)
        except OSError as exc:
            translate(exc, self._location, self.path)

    def commit(self) -> FileInfo:
        """Close and rename the temporary file."""
        file = self._file
        if file is None:
            self.info = self._filesystem.store(self.path, self._location, self._head)
            return self.info
        assert self._name is not None
        try:
            size = file.tell()
            digest = self._whole_digest(size)
            file.close()
            os.replace(self._name, self.path)
        except OSError as exc:
            self.abort()
            translate(exc, self._location, self.path)
        self._name = None
        self.info = FileInfo(self._location, size, None, digest)
        return self.info

    def abort(self) -> None:
        """Close and remove the temporary file."""
        name, self._name = self._name, None
        if self._file is not None:
            try:
                self._file.close()
            except OSError:
                pass
        if name is not None:
            remove(name)

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """The position: the number of bytes written so far."""
        return len(self._head) if self._file is None else self._file.tell()

    def seek(self, position: int, whence: int = 0, /) -> int:
        """Go to a position."""
        if self._file is None and position == 0 and whence == 0:
            self._head = b""
            return 0
        file = self._start()
        here = file.tell()
        there = file.seek(position, whence)
        if there == 0:
            self._digest = Digest()
        elif there != here:
            self._digest = None
        return there

    def truncate(self, size: int | None = None, /) -> int:
        """Cut what was written, at the position by default."""
        if self._file is None and not self._head:
            return 0
        file = self._start()
        if size is not None and size != file.tell():
            self._digest = None
        return file.truncate(size)

    def _whole_digest(self, size: int) -> str:
        """The digest; of what is in the file, where it was not written from start to end."""
        digest, file = self._digest, self._file
        assert file is not None
        file.flush()
        if digest is None or digest.size != size or os.fstat(file.fileno()).st_size != size:
            digest = Digest()
            assert self._name is not None
            with open(self._name, "rb", buffering=0) as written:
                while piece := written.read(LARGE):
                    digest.update(piece)
        return digest.text()

    def _start(self) -> io.BufferedWriter:
        if self._file is None:
            self._name, fd = self._filesystem.create(self.path, self._location)
            self._file = open(fd, "wb")  # noqa: SIM115
            self._digest = Digest()
            write_hashed(self._file, self._head, self._digest)
        return self._file
