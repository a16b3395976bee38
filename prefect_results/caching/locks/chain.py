"""The chain of those who took a lock, as its objects in a storage show it.

The first one makes the root, if there is none; who takes over from a dead holder makes the object
that is named after the dead one's token. Both are conditional puts, of which the storage carries
out one: whoever made the last link holds the lock. To give it back is to remove the root; only then
the rest is removed. Not here: when somebody is dead, and who may remove what; see `storage`.
"""

from __future__ import annotations

import copy
import os
from typing import TYPE_CHECKING, NamedTuple

from prefect_results.caching.locks import liveness
from prefect_results.caching.locks.names import Names, Record, decode
from prefect_results.exceptions import Conflict, Corrupt, NotFound, StorageError, Unavailable

if TYPE_CHECKING:
    from prefect_results.filesystems import FileSystem


class Sight(NamedTuple):
    """What is seen of a lock that somebody took.

    Attributes:
        tokens: of those who took it in turn; the last one has it.
        last: the record of the last one.
        location: where that is.
        beat: the last one's sign of life, None if there is none yet.
    """

    tokens: tuple[str, ...]
    last: Record
    location: str
    beat: bytes | None


class Chain:
    """The objects of one lock.

    Args:
        filesystem: where they lie.
        quick: the same, for what must be done soon or not at all; see `impatient`.
        once: the same, for what must be done once or not at all; see `asking_once`.
        key: what is locked.
        lease: of a record that does not say.
    """

    __slots__ = ("_filesystem", "_lease", "_once", "_quick", "names")

    def __init__(
        self, filesystem: FileSystem, quick: FileSystem, once: FileSystem, key: str, lease: float
    ) -> None:
        self._filesystem = filesystem
        self._quick = quick
        self._once = once
        self._lease = lease
        self.names = Names(key)

    def root(self) -> str | None:
        """The token of the one who took the lock when it was free; None if it is."""
        data = self._read(self.names.root)
        return None if data is None else decode(data, self._lease).token

    def look(self) -> Sight | None:
        """What is seen of the lock; None if it is free."""
        location = self.names.root
        data = self._read(location)
        if data is None:
            return None
        tokens: list[str] = []
        while True:
            record = decode(data, self._lease)
            tokens.append(record.token)
            following = self.names.next(record.token)
            data = self._read(following)
            if data is None or tokens.count(record.token) > 1:
                beat = self._read(self.names.beat(record.token))
                return Sight(tuple(tokens), record, location, beat)
            location = following

    def make(self, location: str, record: Record) -> int | None:
        """Make a link of the chain.

        Returns:
            The descriptor of the file that shows that this process lives; None where there is
            none to have.

        Raises:
            Conflict: if somebody else made it.
        """
        if record.kernel:
            return liveness.create(self._filesystem, location, record)  # type: ignore[arg-type]
        try:
            self._filesystem.put_if_absent(location, record.encode())
        except Conflict:
            # The answer to what this one did itself may have been lost.
            data = self._read(location)
            if data is None or decode(data, self._lease).token != record.token:
                raise
        return None

    def beat(self, token: str, number: int) -> None:
        """Give a sign of life."""
        self._quick.put(self.names.beat(token), str(number).encode())

    def is_dead(self, sight: Sight) -> bool:
        """Whether the system knows that the one who has the lock is dead."""
        return (
            sight.last.kernel != ""
            and sight.last.kernel == liveness.KERNEL
            and liveness.can_tell(self._filesystem)
            and liveness.is_dead(self._filesystem, sight.location)  # type: ignore[arg-type]
        )

    def remove_root(self, token: str) -> None:
        """Give the lock back; what nobody can reach any longer is removed by `remove_rest`.

        Args:
            token: that is in it.

        Raises:
            StorageError: if it may be there still. It is not to be tried again before half a lease
                has passed; see `asking_once`.
        """
        try:
            self._once.delete(self.names.root)
        except NotFound:
            pass
        except Unavailable:
            # It may have been done all the same.
            if self.root() == token:
                raise

    def remove_rest(self, tokens: tuple[str, ...], has_beat: bool) -> None:
        """Remove what belongs to tokens that are in no chain any longer, as far as possible.

        Args:
            tokens: all of a chain, in order.
            has_beat: whether the last one gave a sign of life.
        """
        names = [self.names.next(token) for token in tokens[:-1]]
        names += [self.names.beat(token) for token in (tokens if has_beat else tokens[:-1])]
        for name in names:
            self.remove(name)

    def remove(self, location: str) -> None:
        """Remove an object that belongs to one token, if it is there and that is possible."""
        try:
            try:
                self._quick.delete(location)
            except Unavailable:
                # It may be late, as nobody else's object has that name.
                asking_once(self._filesystem).delete(location)
        except StorageError:
            pass

    def _read(self, location: str) -> bytes | None:
        try:
            return self._filesystem.get(location)
        except NotFound:
            return None
        except Corrupt:
            return b""


def impatient(filesystem: FileSystem, lease: float) -> FileSystem:
    """A filesystem whose requests are answered, or given up, well within a lease.

    A removal that takes effect half a lease after it was asked for could hit somebody else's lock.
    """
    from prefect_results.filesystems.objects import ObjectFileSystem
    from prefect_results.filesystems.retrying import Retries

    if not isinstance(filesystem, ObjectFileSystem):
        return filesystem
    changed = copy.copy(filesystem)
    most = lease / 5
    changed.retries = Retries(
        attempts=filesystem.retries.attempts,
        first=min(filesystem.retries.first, most / 8),
        longest=min(filesystem.retries.longest, most / 2),
        within=min(filesystem.retries.within, most),
        timeout=min(filesystem.retries.timeout, most),
    )
    return changed


def asking_once(filesystem: FileSystem) -> FileSystem:
    """A filesystem that makes no request again.

    The answer to a removal may be lost; the object that a second one removes is somebody else's.
    """
    from prefect_results.filesystems import FSSpecFileSystem
    from prefect_results.filesystems.objects import ObjectFileSystem
    from prefect_results.filesystems.retrying import Retries

    if not isinstance(filesystem, (ObjectFileSystem, FSSpecFileSystem)):
        return filesystem
    changed = copy.copy(filesystem)
    if isinstance(changed, FSSpecFileSystem) and isinstance(filesystem, FSSpecFileSystem):
        # It is one connection still, that they use in turns.
        changed._connected, changed._lock = filesystem._connected, filesystem._lock
    changed.retries = Retries(attempts=1, timeout=filesystem.retries.timeout)
    return changed


def close(descriptors: list[int]) -> None:
    """Close the files that show that this process lives."""
    while descriptors:
        try:
            os.close(descriptors.pop())
        except OSError:
            pass
