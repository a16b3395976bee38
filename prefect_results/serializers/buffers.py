"""A container for pickles whose large buffers lie beside them, so that they move without a copy.

Layout: magic; then for the pickle and for each buffer its size (8 bytes, little-endian; the top
bit of a buffer's size says that it is read-only); then, each aligned to 64 bytes, the buffers;
at the end the pickle. Not here: how values are pickled.
"""

from __future__ import annotations

import pickle
import struct
from collections.abc import Callable
from io import BytesIO
from typing import Any, BinaryIO

from prefect_results.exceptions import Corrupt

MAGIC = b"\x93PRBUF1\n"
ALIGNMENT = 64
# Smaller buffers are not worth an entry of their own; they stay in the pickle.
SMALL = 4096
_READONLY = 1 << 63
_COUNT = struct.Struct("<Q")

Pickle = Callable[[Any, BinaryIO, Callable[[pickle.PickleBuffer], bool]], None]


def dump(value: Any, file: BinaryIO, pickle_to: Pickle) -> None:
    """Write a value with its large buffers out of band.

    Args:
        value: the value.
        file: where to write.
        pickle_to: pickles a value to a file, offering buffers to a callback.
    """
    taken: list[memoryview] = []

    def take(buffer: pickle.PickleBuffer) -> bool:
        try:
            raw = buffer.raw()
        except BufferError:
            return True
        if raw.nbytes < SMALL:
            return True
        taken.append(raw)
        return False

    main = _Main(taken)
    pickle_to(value, main, take)
    sizes = [raw.nbytes | (_READONLY if raw.readonly else 0) for raw in taken]
    header = MAGIC + struct.pack(f"<{2 + len(sizes)}Q", len(sizes), main.tell(), *sizes)
    file.write(header)
    position = len(header)
    for raw in taken:
        file.write(bytes(-position % ALIGNMENT))
        position += -position % ALIGNMENT
        file.write(raw)
        position += raw.nbytes
    file.write(main.getbuffer())


def load(file: BinaryIO) -> Any:
    """Read what `dump` wrote.

    Raises:
        Corrupt: if it is not that, or truncated.
    """
    if file.read(len(MAGIC)) != MAGIC:
        raise Corrupt("Not a pickle with out-of-band buffers")
    count, size = struct.unpack("<2Q", _exactly(file, 16))
    there = _rest(file)
    _expect(8 * count + size, there)
    position = len(MAGIC) + 16 + 8 * count
    sizes = struct.unpack(f"<{count}Q", _exactly(file, 8 * count))
    _expect(8 * count + size + sum(entry & ~_READONLY for entry in sizes), there)
    found: list[Any] = []
    for entry in sizes:
        _exactly(file, -position % ALIGNMENT)
        position += -position % ALIGNMENT
        raw = _fill(file, entry & ~_READONLY)
        position += raw.nbytes
        found.append(raw.toreadonly() if entry & _READONLY else raw)
    return pickle.loads(_exactly(file, size), buffers=found)


class _Main(BytesIO):
    """The pickle itself; rewinding it forgets the buffers that were taken so far."""

    def __init__(self, taken: list[memoryview]) -> None:
        super().__init__()
        self._taken = taken

    def truncate(self, size: int | None = None) -> int:
        self._taken.clear()
        return super().truncate(size)


def _rest(file: BinaryIO) -> int:
    """How many bytes are left to read; a bound on memory where the file cannot tell."""
    if not file.seekable():
        return 1 << 46
    position = file.tell()
    end = file.seek(0, 2)
    file.seek(position)
    return end - position


def _expect(size: int, there: int) -> None:
    if size > there:
        raise Corrupt(f"Truncated: {size} bytes were expected, {there} are there")


def _exactly(file: BinaryIO, size: int) -> bytes:
    data = file.read(size) if size else b""
    if len(data) != size:
        raise Corrupt(f"Truncated: {size} bytes were expected, {len(data)} are there")
    return data


def _fill(file: BinaryIO, size: int) -> memoryview:
    """Read into fresh memory that was not cleared first, which large arrays would feel."""
    import mmap

    if size < 1 << 20:
        raw = memoryview(bytearray(size))
    else:
        mapped = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        if hasattr(mmap, "MADV_HUGEPAGE"):
            mapped.madvise(mmap.MADV_HUGEPAGE)
        raw = memoryview(mapped)
    done = 0
    while done < size:
        got = file.readinto(raw[done:])  # type: ignore[attr-defined]
        if not got:
            raise Corrupt(f"Truncated: a buffer of {size} bytes ends after {done}")
        done += got
    return raw
