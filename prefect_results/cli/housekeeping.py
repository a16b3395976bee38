"""Looking after stored results: which are chosen, whether they are intact, deleting them.

What belongs here: decisions about many objects. What does not: one object (`objects`), and what
states refer to (`references`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import attrs

from prefect_results.cli.kinds import HEAD, expiration_of, flaw_of
from prefect_results.cli.places import Folder
from prefect_results.cli.references import References
from prefect_results.exceptions import Corrupt, NotFound, StorageError
from prefect_results.filesystems import FileInfo

Advance = Callable[[int], None]

AT_ONCE = 8
"""How many objects are read at the same time."""
_CHUNK = 1 << 20


@attrs.frozen(kw_only=True)
class Selection:
    """Which objects are meant; all that are asked for must be true of one.

    Attributes:
        older_than: Written longer ago than this; objects without a time never are.
        expired: Says itself that it expired: a result record of Prefect 3.
        unreferenced: No state refers to it.
    """

    older_than: timedelta | None = None
    expired: bool = False
    unreferenced: bool = False

    def __bool__(self) -> bool:
        return self.older_than is not None or self.expired or self.unreferenced


def select(
    folder: Folder,
    selection: Selection,
    references: References | None,
    now: datetime,
    advance: Advance,
) -> Iterator[FileInfo]:
    """Return the objects below a folder that are meant, by location.

    Args:
        folder: The folder.
        selection: Which are meant.
        references: What states refer to; needed for `unreferenced`.
        now: The present moment.
        advance: Called with the number of objects that were looked at.
    """
    latest = None
    if selection.older_than is not None:
        latest = (now - selection.older_than).timestamp()
    for info in folder.filesystem.list(folder.prefix):
        advance(1)
        if latest is not None and (info.modified is None or info.modified > latest):
            continue
        if selection.unreferenced and references is not None and is_kept(folder, info, references):
            continue
        if selection.expired and not _is_expired(folder, info, now):
            continue
        yield info


def is_kept(folder: Folder, info: FileInfo, references: References) -> bool:
    """Whether a state refers to an object."""
    return references.find(folder.address_of(info.location)) is not None


def _is_expired(folder: Folder, info: FileInfo, now: datetime) -> bool:
    try:
        with folder.filesystem.open_read(info.location) as file:
            moment = expiration_of(file.read(HEAD))
    except NotFound:
        return False
    return moment is not None and moment <= now


@attrs.frozen
class Verdict:
    """What verifying one object found.

    Attributes:
        location: Where it is.
        status: `ok` (its digest is right), `unchecked` (looks whole, no digest is known),
            `corrupt`, `missing` (a state refers to it), or `unreadable`.
        size: Bytes that were read.
        reason: What is wrong; None if nothing is.
    """

    location: str
    status: str
    size: int | None = None
    reason: str | None = None

    @property
    def is_bad(self) -> bool:
        """Whether the data is not what was written, or cannot be had."""
        return self.status not in ("ok", "unchecked")


def verify_all(
    folder: Folder, infos: Iterable[FileInfo], references: References | None, advance: Advance
) -> Iterator[Verdict]:
    """Read objects, several at a time, and return what was found of each, in order."""

    def one(info: FileInfo) -> Verdict:
        known = references.find(folder.address_of(info.location)) if references else None
        verdict = verify(folder, info, known or {})
        advance(1)
        return verdict

    waiting = iter(infos)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while batch := list(islice(waiting, 8 * AT_ONCE)):
            yield from pool.map(one, batch)


def verify(folder: Folder, info: FileInfo, known: Mapping[str, Any]) -> Verdict:
    """Read one object and compare it with what is known about it.

    Args:
        folder: Where it is.
        info: What its storage says.
        known: The wire form of a result that is there.
    """
    location = info.location
    digests = {str(d) for d in (info.digest, known.get("digest")) if d}
    hashes = {digest: one for digest in digests if (one := _hash_of(digest)) is not None}
    size, head, tail = 0, b"", b""
    try:
        with folder.filesystem.open_read(location) as file:
            while chunk := file.read(_CHUNK):
                if size == 0:
                    head = bytes(chunk[:HEAD])
                size += len(chunk)
                tail = bytes(chunk[-16:])
                for one in hashes.values():
                    one.update(chunk)
    except Corrupt as exc:
        return Verdict(location, "corrupt", None, " ".join(str(exc).split()))
    except StorageError as exc:
        return Verdict(location, "unreadable", None, " ".join(str(exc).split()))
    for wanted in (info.size, known.get("size")):
        if wanted is not None and wanted != size:
            return Verdict(location, "corrupt", size, f"it has {size} bytes, not {wanted}")
    for digest, one in hashes.items():
        if one.hexdigest() != digest.partition(":")[2].lower():
            return Verdict(location, "corrupt", size, f"its digest is not {digest}")
    flaw = flaw_of(head, tail)
    if flaw is not None and not hashes:
        return Verdict(location, "corrupt", size, flaw)
    return Verdict(location, "ok" if hashes else "unchecked", size)


def _hash_of(digest: str) -> Any:
    """What computes a digest of this algorithm; None if it is not known here."""
    algorithm = digest.partition(":")[0]
    if algorithm == "xxh3":
        from xxhash import xxh3_64

        return xxh3_64()
    return hashlib.new(algorithm) if algorithm in hashlib.algorithms_available else None


def missing(folder: Folder, seen: set[str], references: References) -> list[Verdict]:
    """Return a verdict for each object that a state refers to and that is not there.

    Args:
        folder: The folder.
        seen: Addresses of the objects that are there.
        references: What states refer to.
    """
    start = folder.address.rstrip("/") + "/"
    gone = sorted(references.addresses() - seen)
    found = []
    for address in gone:
        if address.startswith(start):
            location = address[len(start) :]
            found.append(Verdict(location, "missing", None, "a state refers to it"))
    return found


def delete(folder: Folder, info: FileInfo) -> bool:
    """Delete an object if it is still the one that was listed.

    Returns:
        Whether it was deleted; False if it was written again meanwhile, or is gone.

    Raises:
        StorageError: It cannot be deleted.
    """
    try:
        now = folder.filesystem.stat(info.location)
        if (now.size, now.modified) != (info.size, info.modified):
            return False
        folder.filesystem.delete(info.location)
    except NotFound:
        return False
    return True
