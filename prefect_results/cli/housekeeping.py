"""Looking after stored results: which are chosen, whether they are intact, deleting them.

What belongs here: decisions about many objects. What does not: one object (`objects`), and what
states refer to (`references`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Set
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import attrs

from prefect_results.caching.locks import is_lock
from prefect_results.cli.kinds import HEAD, expiration_of, flaw_of
from prefect_results.cli.places import Folder
from prefect_results.cli.references import Bytes, References
from prefect_results.exceptions import Corrupt, NotFound, StorageError
from prefect_results.filesystems import FileInfo
from prefect_results.filesystems.leftovers import Leftover

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
        if is_lock(info.location):
            continue
        advance(1)
        if latest is not None and (info.modified is None or info.modified > latest):
            continue
        if selection.unreferenced and references is not None and is_kept(folder, info, references):
            continue
        if selection.expired and not _is_expired(folder, info, now):
            continue
        yield info


def interrupted(folder: Folder, age: timedelta, now: datetime) -> list[Leftover]:
    """Return what writes below a folder left that were interrupted.

    Args:
        folder: The folder.
        age: What is younger may be under way still.
        now: The present moment.
    """
    latest = (now - age).timestamp()
    found = folder.filesystem.leftovers(folder.prefix)
    return [one for one in found if one.modified is not None and one.modified <= latest]


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
        verdict = verify(folder, info, known or set())
        advance(1)
        return verdict

    waiting = iter(infos)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while batch := list(islice(waiting, 8 * AT_ONCE)):
            yield from pool.map(one, batch)


def verify(folder: Folder, info: FileInfo, known: Set[Bytes]) -> Verdict:
    """Read one object and compare it with what is known about it.

    Args:
        folder: Where it is.
        info: What its storage says, which must be true.
        known: What states say; one of them must be right, as it may have been written anew since
            the others.
    """
    location = info.location
    if info.digest is None and not any(digest for _, digest in known):
        # Not every storage says the digest when it lists.
        info = _asked(folder, info)
    digests = {digest for _, digest in known if digest} | ({info.digest} if info.digest else set())
    hashes = {name: one for name in map(_algorithm, digests) if (one := _hash(name)) is not None}
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
    found = {f"{name}:{one.hexdigest()}" for name, one in hashes.items()}
    flaw = _difference((info.size, info.digest), size, found)
    if flaw is None and known:
        flaws = [_difference(one, size, found) for one in known]
        flaw = None if None in flaws else flaws[0]
    known_digest = any(_algorithm(digest) in hashes for digest in digests)
    if flaw is None and not known_digest:
        flaw = flaw_of(head, tail)
    if flaw is not None:
        return Verdict(location, "corrupt", size, flaw)
    return Verdict(location, "ok" if known_digest else "unchecked", size)


def _asked(folder: Folder, info: FileInfo) -> FileInfo:
    try:
        asked = folder.filesystem.stat(info.location)
    except StorageError:
        return info
    return FileInfo(info.location, info.size, info.modified, asked.digest)


def _difference(known: Bytes, size: int, digests: Set[str]) -> str | None:
    """What differs from what is known about the bytes; None if nothing does."""
    if known[0] is not None and known[0] != size:
        return f"it has {size} bytes, not {known[0]}"
    digest = known[1]
    algorithms = set(map(_algorithm, digests))
    if digest and _algorithm(digest) in algorithms and digest.lower() not in digests:
        return f"its digest is not {digest}"
    return None


def _algorithm(digest: str) -> str:
    return digest.partition(":")[0].lower()


def _hash(algorithm: str) -> Any:
    """What computes digests of an algorithm; None if it is not known here."""
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
