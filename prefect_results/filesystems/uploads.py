"""Objects of cloud storage that are written: in one request, or in parts that appear as a whole.

Not here: what one request is; the filesystem does it.
"""

from __future__ import annotations

import io
import os
from abc import ABCMeta, abstractmethod
from collections import deque
from typing import TYPE_CHECKING, Any, ClassVar

from prefect_results.exceptions import StorageError
from prefect_results.filesystems.ahead import Ahead
from prefect_results.filesystems.base import FileInfo, Writer
from prefect_results.filesystems.digest import Digest
from prefect_results.filesystems.stored import DIGEST, TOKEN

if TYPE_CHECKING:
    from prefect_results.filesystems.objects import ObjectFileSystem


class Upload(metaclass=ABCMeta):
    """An upload in parts that was begun with a vendor; its errors are translated by the caller."""

    __slots__ = ()

    # How many parts may be under way at a time, in any order; 1 where they must come in order.
    at_a_time: ClassVar[int] = 3
    # Bytes of a part that need not be copied first; None for the filesystem's part size.
    most: ClassVar[int | None] = None

    @abstractmethod
    def part(self, number: int, start: int, data: memoryview, last: bool) -> None:
        """Send a part.

        Args:
            number: from 1.
            start: the position of its first byte.
            data: the bytes, a multiple of the filesystem's part size unless it is the last part.
            last: whether it is the last one.
        """

    @abstractmethod
    def complete(self, metadata: dict[str, str]) -> None:
        """Make the object appear.

        Args:
            metadata: of the object, for vendors that take it at the end.
        """

    @abstractmethod
    def abort(self) -> None:
        """Have the parts removed."""


class ObjectWriter(Writer):
    """Collects up to a part, which goes in one request if it is all there is; else in parts.

    Args:
        filesystem: does the requests.
        location: as the caller named it.
        key: its name in the bucket.
    """

    __slots__ = (
        "_buffer",
        "_digest",
        "_filesystem",
        "_key",
        "_location",
        "_number",
        "_sent",
        "_under_way",
        "_upload",
        "closed",
        "info",
    )

    def __init__(self, filesystem: ObjectFileSystem, location: str, key: str) -> None:
        self._filesystem = filesystem
        self._location = location
        self._key = key
        self.info: FileInfo | None = None
        self.closed = False
        self._restart()

    def _restart(self) -> None:
        self._buffer = bytearray()
        self._digest: Digest | None = None
        self._upload: Upload | None = None
        self._sent = 0
        self._number = 0
        self._under_way: deque[Ahead] = deque()

    def write(self, data: Any, /) -> int:
        """Append bytes; sends a part when there are enough for one."""
        view = memoryview(data).cast("B")
        total, size = view.nbytes, self._filesystem.part_size
        buffer = self._buffer
        if len(buffer) + total <= size:
            buffer += view
            return total
        if buffer:
            taken = size - len(buffer)
            buffer += view[:taken]
            view = view[taken:]
            self._send(memoryview(buffer), last=False)
            self._buffer = buffer = bytearray()
        # One byte at least stays, so that the last part is known when it is sent.
        while view.nbytes > size:
            if isinstance(data, bytes):
                part = view[: self._most((view.nbytes - 1) // size * size)]
            else:
                # The caller may change its buffer once it was written.
                part = memoryview(bytes(view[:size]))
            self._send(part, last=False)
            view = view[part.nbytes :]
        buffer += view
        return total

    def commit(self) -> FileInfo:
        """Send what is left and make the object appear."""
        self.closed = True
        if self._upload is None:
            self.info = self._filesystem.store(self._location, bytes(self._buffer), absent=False)
            return self.info
        try:
            self._send(memoryview(self._buffer), last=True)
            self._wait(0)
            assert self._digest is not None
            digest, upload = self._digest.text(), self._upload
            metadata = {DIGEST: digest}
            self._filesystem.do(self._location, lambda number: upload.complete(metadata))
        except BaseException:
            self.abort()
            raise
        self._upload = None
        self._buffer = bytearray()
        self.info = FileInfo(self._location, self._digest.size, None, digest)
        return self.info

    def abort(self) -> None:
        """Have what was sent removed."""
        self.closed = True
        upload, self._upload = self._upload, None
        for one in self._under_way:
            one.join()
        self._under_way.clear()
        if upload is not None:
            try:
                self._filesystem.do(self._location, lambda number: upload.abort())
            except (StorageError, OSError):
                # Nothing is visible; the vendor's rule for unfinished uploads removes the parts.
                pass
        self._buffer = bytearray()

    def flush(self) -> None:
        """Do nothing: only a commit shows anything."""

    def seekable(self) -> bool:
        """Yes: it can be rewound to its start."""
        return True

    def tell(self) -> int:
        """The position: the number of bytes written so far."""
        return self._sent + len(self._buffer)

    def seek(self, position: int, whence: int = 0, /) -> int:
        """Go to the start, which forgets what was written; or stay.

        Raises:
            io.UnsupportedOperation: for any other position.
        """
        if whence == 0 and position == 0:
            self.abort()
            self.closed = False
            self._restart()
            return 0
        if (whence == 0 and position == self.tell()) or (whence in (1, 2) and position == 0):
            return self.tell()
        raise io.UnsupportedOperation("an upload can only be rewound to its start")

    def truncate(self, size: int | None = None, /) -> int:
        """Do nothing: what came after the position was forgotten by `seek`."""
        if size is not None and size != self.tell():
            raise io.UnsupportedOperation("an upload cannot be cut")
        return self.tell()

    def _begun(self) -> Upload:
        upload, filesystem = self._upload, self._filesystem
        if upload is None:
            token = {TOKEN: os.urandom(12).hex()}
            upload = filesystem.do(
                self._location,
                lambda number: filesystem._begin(self._key, token),
                writing=True,
            )
            self._upload, self._digest = upload, Digest()
        return upload

    def _most(self, count: int) -> int:
        """How many bytes, of so many that nobody changes, go in one part."""
        size = self._filesystem.part_size
        return min(count, max((self._begun().most or 0) // size * size, size))

    def _send(self, data: memoryview, last: bool) -> None:
        """Begin to send a part, which nobody changes any more, and hash it meanwhile."""
        filesystem, location, upload = self._filesystem, self._location, self._begun()
        self._number += 1
        number, start = self._number, self._sent
        self._wait(upload.at_a_time - 1)
        self._under_way.append(
            Ahead(lambda: filesystem.do(location, lambda n: upload.part(number, start, data, last)))
        )
        assert self._digest is not None
        self._digest.update(data)
        self._sent += data.nbytes

    def _wait(self, most: int) -> None:
        """Wait until no more parts than that are under way."""
        while len(self._under_way) > most:
            self._under_way.popleft().result()
