"""What a result knows about the bytes at its location, and how a read compares them.

Not here: digests themselves; see `filesystems.digest`.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, BinaryIO

from prefect_results.exceptions import Corrupt
from prefect_results.filesystems.digest import LARGE, Behind, Digest, compare, verify

if TYPE_CHECKING:
    from prefect_results.filesystems import FileSystem, Writer
    from prefect_results.serializers import Serializer

_BUFFER = 128 * 1024


def known_of(writer: Writer) -> bool | tuple[int | None, str | None]:
    """Size and digest of what a writer committed; True if it does not say them."""
    info = writer.info
    if info is None or (info.digest is None and info.size is None):
        return True
    return info.size, info.digest


def load_verified(
    serializer: Serializer,
    file: BinaryIO,
    location: str,
    size: int | None,
    digest: str | None,
) -> Any:
    """Load a value from a file, all of which is compared with what was written.

    Args:
        serializer: how it was serialized.
        file: at its start.
        location: for messages.
        size: number of bytes that were written; None if it is not known.
        digest: of the bytes that were written; None if it is not known.

    Raises:
        Corrupt: if they are not what was written. What is in memory is compared before the
            serializer sees it; what is streamed before its value is returned.
        Exception: what the serializer raises.
    """
    if isinstance(file, io.BytesIO):
        verify(location, file.getvalue(), size, digest)
        return serializer.load(file)
    checker = _Checker(file)
    stream = io.BufferedReader(checker, _BUFFER)
    try:
        value = serializer.load(stream)
    except Exception:
        # Whatever it is, damage is the better explanation.
        _finish(checker, location, size, digest)
        raise
    _finish(checker, location, size, digest)
    return value


def verify_stored(
    filesystem: FileSystem, location: str, size: int | None, digest: str | None
) -> None:
    """Compare what lies at a location with what was written.

    Args:
        filesystem: what holds it.
        location: where it is.
        size: number of bytes that were written; None if it is not known.
        digest: of the bytes that were written; None if it is not known.

    Raises:
        NotFound: if there is nothing.
        Corrupt: if it is empty or not what was written.
        StorageError: if it cannot be read.
    """
    found = filesystem.stat(location)
    if size is None and found.size == 0:
        raise Corrupt(f"{location!r:.500} is empty", location=location)
    if digest is not None and (found.size, found.digest) == (size, digest):
        return
    file = filesystem.open_read(location)
    try:
        _finish(_Checker(file), location, size, digest)
    finally:
        file.close()


def _finish(checker: _Checker, location: str, size: int | None, digest: str | None) -> None:
    rest = bytearray(_BUFFER)
    while checker.readinto(rest):
        pass
    compare(location, checker.digest, size, digest)


class _Checker(io.RawIOBase):
    """Hashes what is read through it."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.digest = Digest()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        view = memoryview(buffer).cast("B")
        if len(view) < LARGE:
            count: int = self._file.readinto(view) or 0
            self.digest.update(view[:count])
            return count
        total = 0
        with Behind(self.digest) as behind:
            while total < len(view):
                piece = view[total : total + LARGE]
                count = self._file.readinto(piece) or 0
                if not count:
                    break
                behind.add(piece[:count])
                total += count
        return total
