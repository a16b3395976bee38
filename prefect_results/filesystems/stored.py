"""What a vendor says about an object, and what this library adds to its metadata.

Not here: requests; each vendor has a module of its own.
"""

from __future__ import annotations

# Names in the metadata of objects; letters only, which is what all vendors keep as it is.
DIGEST = "prefectdigest"
TOKEN = "prefecttoken"


class Stored:
    """What a vendor says about an object.

    Args:
        key: its name in the bucket.
        size: number of bytes.
        modified: seconds since 1970, None if it is not known.
        metadata: the user's metadata.
        version: changes with each write; None if it is not known.
    """

    __slots__ = ("key", "metadata", "modified", "size", "version")

    def __init__(
        self,
        key: str,
        size: int | None,
        modified: float | None = None,
        metadata: dict[str, str] | None = None,
        version: str | None = None,
    ) -> None:
        self.key = key
        self.size = size
        self.modified = modified
        self.metadata = metadata or {}
        self.version = version
