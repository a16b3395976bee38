"""Objects of cloud storage that are read in parts.

Not here: what one request is; the filesystem does it.
"""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING, Any

from prefect_results.exceptions import Conflict, Corrupt
from prefect_results.filesystems.ahead import Ahead
from prefect_results.filesystems.digest import Digest, compare

if TYPE_CHECKING:
    from prefect_results.filesystems.objects import ObjectFileSystem
    from prefect_results.filesystems.stored import Stored


class Download:
    """What asks for the parts of an object, one after the other; a request for each.

    Args:
        filesystem: does the requests.
        key: of the object.
        version: that is wanted; None for any.
    """

    __slots__ = ("_filesystem", "_key", "_version")

    def __init__(self, filesystem: ObjectFileSystem, key: str, version: str | None) -> None:
        self._filesystem = filesystem
        self._key = key
        self._version = version

    def part(self, start: int, count: int) -> bytes:
        """Return bytes of the object; the vendor's errors are translated by the caller.

        Args:
            start: the position of the first; again that of the last call, if that failed.
            count: how many, all of them there.
        """
        return self._filesystem._fetch(self._key, start, count, self._version)[0]

    def close(self) -> None:
        """Let go of what is held. Never raises."""


class ObjectReader(io.RawIOBase):
    """Reads an object in parts, the next one ahead; compares size and digest at its end.

    Args:
        filesystem: does the requests.
        location: as the caller named it.
        key: its name in the bucket.
        first: the first part; nothing if it is yet to be asked for.
        found: what the answer with the first part said about the object.
        digest: of the whole, None if it is not known.
    """

    def __init__(
        self,
        filesystem: ObjectFileSystem,
        location: str,
        key: str,
        first: bytes,
        found: Stored,
        digest: str | None,
    ) -> None:
        self._filesystem = filesystem
        self._location = location
        self._download = filesystem._download(key, found)
        self._size: int = found.size or 0
        self._expected = digest
        self._digest = Digest()
        self._part = memoryview(first)
        self._end = len(first)
        self._ahead: Ahead | None = None
        self._prefetch()
        self._digest.update(self._part)

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Read at most as much as the buffer holds, and no more than what is left of a part."""
        if not self._part:
            if self._end >= self._size:
                return 0
            self._next()
        target = memoryview(buffer).cast("B")
        count = min(len(target), len(self._part))
        target[:count] = self._part[:count]
        self._part = self._part[count:]
        return count

    def readall(self) -> bytes:
        """Read what is left."""
        # Its buffer becomes the answer; joining the parts would take twice the memory.
        whole = io.BytesIO()
        while self._part or self._end < self._size:
            if not self._part:
                self._next()
            whole.write(self._part)
            self._part = memoryview(b"")
        return whole.getvalue()

    def close(self) -> None:
        """Give up what is under way."""
        if not self.closed:
            ahead, self._ahead = self._ahead, None
            if ahead is not None:
                ahead.join()
            self._download.close()
        super().close()

    def _next(self) -> None:
        assert self._ahead is not None
        data = self._ahead.result()
        if not data:
            raise Corrupt(
                f"{self._location!r:.500} ends after {self._end} of {self._size} bytes",
                location=self._location,
            )
        self._end += len(data)
        self._part = memoryview(data)
        self._prefetch()
        self._digest.update(data)
        if self._end >= self._size:
            # Before the last part is handed out: nobody gets all of what was altered.
            compare(self._location, self._digest, self._size, self._expected)

    def _prefetch(self) -> None:
        self._ahead = None
        if self._end < self._size:
            self._ahead = Ahead(partial(self._request, self._end))

    def _request(self, start: int) -> bytes:
        filesystem, download = self._filesystem, self._download
        count = min(filesystem.part_size, self._size - start)
        try:
            return filesystem.do(self._location, lambda number: download.part(start, count))
        except Conflict as exc:
            raise Corrupt(
                f"{self._location!r:.500} was replaced while it was read", location=self._location
            ) from exc
