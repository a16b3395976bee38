"""What interrupted writes left behind: data that no reader sees, and that takes space.

Not here: finding it; each filesystem knows where its own lies.
"""

from __future__ import annotations

from collections.abc import Callable


class Leftover:
    """Something that a write left which was never completed, or is under way still.

    Args:
        location: what it would have become part of, or its temporary name, relative to the root.
        size: number of bytes; None if the storage did not say.
        modified: when it was last written, or begun, in seconds since 1970 (UTC); None if not
            known.
        remove: removes it; does nothing if it is gone, raises a `StorageError` if it cannot.
    """

    __slots__ = ("location", "modified", "remove", "size")

    def __init__(
        self,
        location: str,
        size: int | None,
        modified: float | None,
        remove: Callable[[], None],
    ) -> None:
        self.location = location
        self.size = size
        self.modified = modified
        self.remove = remove

    def __repr__(self) -> str:
        return f"Leftover({self.location!r}, size={self.size}, modified={self.modified})"
