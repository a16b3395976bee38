"""What tells whether bytes are those that were written: their number and a digest.

The digest is XXH3 (64 bits) by xxhash, written `xxh3:<16 hex digits>`: it finds accidents, as a
checksum does, at several GB/s, so that a local write keeps its speed; CRC-32 and BLAKE2 are slower
than the disk. It does not prove who wrote the bytes. Not here: where size and digest are kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect_results.exceptions import Corrupt

if TYPE_CHECKING:
    from typing import TypeAlias

    Data: TypeAlias = bytes | bytearray | memoryview

ALGORITHM = "xxh3"
# From this many bytes on a second thread hashes, while they are written or more of them are read.
LARGE = 4 * 1024 * 1024

_hexdigest: Any = None


def digest_of(data: Data) -> str:
    """Return `"xxh3:<hex>"` of bytes."""
    global _hexdigest
    if _hexdigest is None:
        from xxhash import xxh3_64_hexdigest

        _hexdigest = xxh3_64_hexdigest
    return f"xxh3:{_hexdigest(data)}"


class Digest:
    """The digest of bytes that come in parts, and their number."""

    __slots__ = ("_hash", "size")

    def __init__(self) -> None:
        from xxhash import xxh3_64

        self._hash = xxh3_64()
        self.size = 0

    def update(self, data: Data) -> None:
        """Add bytes."""
        self._hash.update(data)
        self.size += len(data) if isinstance(data, bytes) else memoryview(data).nbytes

    def text(self) -> str:
        """Return `"xxh3:<hex>"` of what was added."""
        return f"{ALGORITHM}:{self._hash.hexdigest()}"


class Behind:
    """Hashes in another thread what this one has done with; xxhash lets both run.

    Args:
        digest: gets the bytes that are added, all of them once the block ends.
    """

    __slots__ = ("_digest", "_parts", "_thread")

    def __init__(self, digest: Digest) -> None:
        self._digest = digest

    def add(self, data: Data) -> None:
        """Add bytes; they must stay as they are until the block ends."""
        self._parts.put(data)

    def __enter__(self) -> Behind:
        import threading
        from queue import SimpleQueue

        self._parts: Any = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="prefect-results-digest")
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._parts.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (part := self._parts.get()) is not None:
            self._digest.update(part)


def verify(location: str, data: Data, size: int | None, digest: str | None) -> None:
    """Compare bytes with what is known about those that were written.

    Args:
        location: where they lie, for the message.
        data: the bytes.
        size: their number; None if it is not known.
        digest: their digest; None if it is not known.

    Raises:
        Corrupt: if they are not the same.
    """
    found = len(data) if isinstance(data, bytes) else memoryview(data).nbytes
    if size is not None and found != size:
        raise wrong_size(location, found, size)
    if digest is not None and digest.startswith("xxh3:") and digest_of(data) != digest:
        raise altered(location)


def compare(location: str, found: Digest, size: int | None, digest: str | None) -> None:
    """Compare what was read in parts with what is known about what was written.

    Raises:
        Corrupt: if it is not the same.
    """
    if size is not None and found.size != size:
        raise wrong_size(location, found.size, size)
    if digest is not None and digest.startswith("xxh3:") and found.text() != digest:
        raise altered(location)


def wrong_size(location: str, found: int, size: int) -> Corrupt:
    """The error for data that is too short or too long."""
    words = "is empty" if not found else f"has {found} bytes"
    return Corrupt(f"{location!r:.500} {words}, but {size} were written", location=location)


def altered(location: str) -> Corrupt:
    """The error for data of the right size that is not what was written."""
    return Corrupt(
        f"{location!r:.500} was altered: its digest is not that of what was written",
        location=location,
    )
