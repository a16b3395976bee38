"""Writers for storage that takes an object as a whole.

Not here: writers that stream.
"""

from __future__ import annotations

import tempfile
from typing import Any, BinaryIO, cast

from prefect_results.filesystems.base import FileInfo, FileSystem, Writer

# Up to this many bytes are collected in memory, more on local disk.
IN_MEMORY = 64 * 1024 * 1024


class SpoolWriter(Writer):
    """Collects what is written, and puts it when it is committed.

    Args:
        filesystem: has a `put`; and a `put_file(location, file)` if it takes what is large.
        location: where the object will be.
    """

    def __init__(self, filesystem: FileSystem, location: str) -> None:
        self.info: FileInfo | None = None
        self._filesystem = filesystem
        self._location = location
        file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115
        self._file = cast("BinaryIO", file)

    def write(self, data: Any, /) -> int:
        """Append bytes."""
        return self._file.write(data)

    def commit(self) -> FileInfo:
        """Put the object."""
        size = self._file.tell()
        self._file.seek(0)
        put_file = getattr(self._filesystem, "put_file", None)
        if put_file is not None and size > IN_MEMORY:
            info: FileInfo = put_file(self._location, self._file)
        else:
            info = self._filesystem.put(self._location, self._file.read())
        self._file.close()
        self.info = info
        return info

    def abort(self) -> None:
        """Forget what was written."""
        self._file.close()

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """The position."""
        return self._file.tell()

    def seek(self, position: int, whence: int = 0, /) -> int:
        """Go to a position."""
        return self._file.seek(position, whence)

    def truncate(self, size: int | None = None, /) -> int:
        """Cut what was written, at the position by default."""
        return self._file.truncate(size)
