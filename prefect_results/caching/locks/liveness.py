"""Whether the process that wrote a local file still lives: the system knows, so nobody must wait.

The file is locked (`flock`) before it gets its name, and the system gives that up when the process
ends, however it ends. This only ever shortens a wait: a holder on another machine, or whose
forked child still has the file open, is waited for like any other. Not here: who has a lock.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from prefect_results.filesystems import FileSystem, LocalFileSystem, atomic

if TYPE_CHECKING:
    from prefect_results.caching.locks.names import Record

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]


def _kernel() -> str:
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            return file.read().strip()
    except OSError:
        return ""


KERNEL = _kernel() if fcntl is not None else ""


def can_tell(filesystem: FileSystem) -> bool:
    """Whether the system knows who lives, of those who write to a filesystem."""
    return bool(KERNEL) and isinstance(filesystem, LocalFileSystem)


def create(filesystem: LocalFileSystem, location: str, record: Record) -> int:
    """Make a file, unless there is one, that shows that this process lives while it is open.

    Where the system cannot lock files (some file servers) it holds a record that does not say so.

    Returns:
        Its descriptor.

    Raises:
        Conflict: if there is one.
        StorageError: if it cannot be made.
    """
    path = filesystem.path(location)
    name, fd = filesystem.create(path, location)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            record = record._replace(kernel="")
        data = record.encode()
        if os.write(fd, data) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        try:
            os.link(name, path)
        except FileExistsError:
            # A server that shares files may say so of what it has just done itself.
            if os.fstat(fd).st_nlink < 2:
                raise
    except BaseException as exc:
        os.close(fd)
        if isinstance(exc, OSError):
            from prefect_results.filesystems.errors import translate

            translate(exc, location, path)
        raise
    finally:
        atomic.remove(name)
    return fd


def is_dead(filesystem: LocalFileSystem, location: str) -> bool:
    """Whether the process of this system that made a file has ended."""
    try:
        fd = os.open(filesystem.path(location), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(fd)
