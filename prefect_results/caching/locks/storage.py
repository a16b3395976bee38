"""Locks by conditional put on a storage: for threads, processes and machines that share it.

A lock is held for a *lease*. Its holder gives a sign of life three times in a lease; who waits and
sees no new one for a whole lease, on a clock of its own, takes over, and of several one does. No
two machines' clocks are ever compared. A holder that was stopped for too long learns it before it
writes or gives back anything. What is assumed: that everybody sees what was written last to the
storage, and that the removal of an object takes effect within half a lease, or not at all.

Not here: what the objects of a lock are (`names`, `chain`), and the thread that gives the signs of
life (`heart`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from prefect_results.caching.locks import heart, liveness
from prefect_results.caching.locks.base import LockManager, Waiting
from prefect_results.caching.locks.chain import Chain, Sight, asking_once, close, impatient
from prefect_results.caching.locks.held import Held
from prefect_results.caching.locks.names import Record, new_token
from prefect_results.exceptions import (
    ConfigurationError,
    Conflict,
    LockLost,
    StorageError,
    Unavailable,
)
from prefect_results.filesystems import LocalFileSystem
from prefect_results.logging import get_logger

if TYPE_CHECKING:
    from prefect_results.filesystems import FileSystem

LEASE = 30.0
# Seconds of the first and the longest pause of those who wait; far storage is paid by the request.
NEAR = (0.005, 0.05)
FAR = (0.1, 1.0)
# Signs of life that are given at the same time, on far storage.
RENEWALS = 16

T = TypeVar("T")


def elapsed() -> float:
    """Seconds since any moment, those included in which the machine slept."""
    try:
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    except (AttributeError, OSError):
        return time.monotonic()


class StorageLockManager(LockManager):
    """Locks as objects of a filesystem, beside what they lock; see the module.

    Args:
        filesystem: where; one that can put conditionally.
        lease: seconds without a sign of life after which a lock may be taken over. 30 by default.
        clock: seconds since any moment; the system's by default.
        sleep: waits for some seconds; the system's by default.
        renews: whether a thread gives the signs of life; otherwise `renew` has to be called.

    Raises:
        ConfigurationError: if the filesystem cannot put conditionally, or there is no lease.
    """

    def __init__(
        self,
        filesystem: FileSystem,
        lease: float = LEASE,
        *,
        clock: Callable[[], float] = elapsed,
        sleep: Callable[[float], None] = time.sleep,
        renews: bool = True,
    ) -> None:
        if not filesystem.supports_put_if_absent:
            raise ConfigurationError(
                f"{filesystem!r} cannot store an object only if there is none, so it can hold no "
                "locks; use another storage, or cache_isolation_level='read_committed'"
            )
        if not lease > 0:
            raise ConfigurationError(f"A lease is a number of seconds above 0, not {lease!r}")
        self.filesystem = filesystem
        self._quick = impatient(filesystem, lease)
        self._once = asking_once(self._quick)
        self.lease = float(lease)
        self.clock = clock
        self._sleep = sleep
        self._is_near = isinstance(filesystem, LocalFileSystem)
        self._kernel = liveness.KERNEL if liveness.can_tell(filesystem) else ""
        self._renews = renews
        self.forget()

    def forget(self) -> None:
        """Know of no lock; in a process that was forked, as all belong to the one before."""
        for held in list(getattr(self, "_held", {}).values()):
            close(held.descriptors)
        self._mutex = threading.RLock()
        self._held: dict[tuple[str, str], Held] = {}
        # What was seen of locks that others have: since when, and when it was last looked at.
        self._seen: dict[str, tuple[Sight, float, float]] = {}

    def acquire_lock(
        self,
        key: str,
        holder: str,
        acquire_timeout: float | None = None,
        hold_timeout: float | None = None,
    ) -> bool:
        """Take a lock, waiting until it is free or its holder has died."""
        if (key, holder) in self._held:
            return self.is_lock_holder(key, holder)
        chain = self._chain(key)
        waiting = self._waiting(acquire_timeout)
        held = None if key in self._seen else self._take(chain, holder)
        while held is None:
            is_free, sight = self._is_free(key, chain, waiting)
            if is_free:
                held = self._take(chain, holder, () if sight is None else sight.tokens)
            if held is None and not waiting.pause():
                return False
        if hold_timeout is not None:
            held.end = held.until - self.lease + hold_timeout
        with self._mutex:
            self._held[key, holder] = held
            self._seen.pop(key, None)
        if self._renews:
            try:
                heart.watch(self)
            except BaseException:
                self.release_lock(key, holder)
                raise
        return True

    def release_lock(self, key: str, holder: str) -> None:
        """Give a lock back."""
        with self._mutex:
            held = self._held.pop((key, holder), None)
        if held is None:
            raise LockLost(f"{holder} does not hold the lock of {key!r}", key=key)
        with held.mutex:
            held.is_over = True
            try:
                try:
                    self._remove_root(held, key)
                except Unavailable:
                    # What was asked for takes effect until then, or not at all.
                    waiting = Waiting(self.lease / 2, *FAR, self.clock, self._sleep)
                    while waiting.pause():
                        pass
                    self._remove_root(held, key)
                held.chain.remove_rest(held.tokens, held.beats > 0)
            finally:
                close(held.descriptors)

    def is_locked(self, key: str) -> bool:
        """Whether somebody has the lock, alive or not."""
        return self._chain(key).root() is not None

    def is_lock_holder(self, key: str, holder: str) -> bool:
        """Whether a holder has the lock still, for half a lease at least."""
        held = self._held.get((key, holder))
        if held is None:
            return False
        with held.mutex:
            return self._is_certain(held)

    def wait_for_lock(self, key: str, timeout: float | None = None) -> bool:
        """Wait until a lock is free, or could be taken over."""
        chain = self._chain(key)
        waiting = self._waiting(timeout)
        while not self._is_free(key, chain, waiting)[0]:
            if not waiting.pause():
                return False
        return True

    def name_of(self, key: str) -> str:
        """Names a lock on this storage."""
        return self.filesystem.canonical(self._chain(key).names.root)

    @property
    def holds_any(self) -> bool:
        """Whether any lock is held here."""
        return bool(self._held)

    def renew(self) -> None:
        """Give a sign of life for each lock that is held here."""
        with self._mutex:
            all_held = list(self._held.values())
        if self._is_near or len(all_held) < 2:
            for held in all_held:
                self._renew(held)
            return
        # One after the other, those of a slow storage could be too late.
        with ThreadPoolExecutor(min(len(all_held), RENEWALS)) as pool:
            list(pool.map(self._renew, all_held))

    def release_all(self) -> None:
        """Give back all that is held here, as far as possible."""
        with self._mutex:
            names = list(self._held)
        for key, holder in names:
            try:
                self.release_lock(key, holder)
            except (LockLost, StorageError):
                pass

    # -- those who wait -------------------------------------------------------------------------

    def _chain(self, key: str) -> Chain:
        return Chain(self.filesystem, self._quick, self._once, key, self.lease)

    def _waiting(self, timeout: float | None) -> Waiting:
        first, longest = NEAR if self._is_near else FAR
        return Waiting(timeout, first, min(longest, self.lease / 4), self.clock, self._sleep)

    def _look(self, key: str, chain: Chain) -> Sight | None:
        """What is seen of a lock; of one that is far, all objects are read now and then only."""
        with self._mutex:
            before = self._seen.get(key)
        if before is not None and not self._is_near:
            sight, _, looked = before
            if self.clock() - looked < sight.last.lease / 8 and chain.root() == sight.tokens[0]:
                return sight
        started = self.clock()
        found = chain.look()
        with self._mutex:
            known = self._seen.get(key)
            if found is None:
                self._seen.pop(key, None)
            elif known is None or known[0] != found:
                # From after it was read, so that it was so for all of the time.
                self._seen[key] = (found, self.clock(), started)
            else:
                self._seen[key] = (found, known[1], started)
        return found

    def _is_free(self, key: str, chain: Chain, waiting: Waiting) -> tuple[bool, Sight | None]:
        """Whether a lock is free, or could be taken over; and what is seen of it.

        A storage that does not answer now and then is no reason not to wait any longer.
        """
        since = self.clock()
        while True:
            try:
                sight = self._look(key, chain)
                return sight is None or self._may_take_over(key, chain, sight), sight
            except Unavailable:
                if self.clock() - since >= self.lease or not waiting.pause():
                    raise

    def _persistently(self, request: Callable[[], T], until: float) -> T:
        """What a request gives, made again until a moment if the storage does not answer."""
        waiting = Waiting(max(0.0, until - self.clock()), *FAR, self.clock, self._sleep)
        while True:
            try:
                return request()
            except Unavailable:
                if not waiting.pause():
                    raise

    def _may_take_over(self, key: str, chain: Chain, sight: Sight) -> bool:
        with self._mutex:
            known = self._seen.get(key)
        if known is not None and known[0] == sight and known[2] - known[1] >= sight.last.lease:
            return True
        return chain.is_dead(sight)

    def _take(self, chain: Chain, holder: str, before: tuple[str, ...] = ()) -> Held | None:
        """Take a lock that is free, or over from the last of those before; None if others did."""
        started = self.clock()
        until = started + self.lease / 4
        record = Record(new_token(), self.lease, self._kernel, holder)
        location = chain.names.next(before[-1]) if before else chain.names.root
        descriptors: list[int] = []
        try:
            # A link that was made although the storage did not say so is told by its token.
            descriptor = self._persistently(lambda: chain.make(location, record), until)
            descriptors += [] if descriptor is None else [descriptor]
            if before and self._persistently(chain.root, until) != before[0]:
                # It was given back while this one decided; the link belongs to no chain.
                chain.remove(location)
                close(descriptors)
                return None
        except Conflict:
            return None
        except BaseException:
            close(descriptors)
            raise
        return Held(chain, holder, (*before, record.token), started + self.lease, descriptors)

    # -- those who hold -------------------------------------------------------------------------

    def _remove_root(self, held: Held, key: str) -> None:
        if not self._is_certain(held):
            if held.beats:
                held.chain.remove(held.chain.names.beat(held.tokens[-1]))
            raise LockLost(
                f"{held.holder} lost the lock of {key!r}: it gave no sign of life for "
                f"{self.lease:g} seconds, and another one took over",
                key=key,
            )
        held.chain.remove_root(held.tokens[0])

    def _is_certain(self, held: Held) -> bool:
        """Whether nobody else can have a lock for half a lease from now on."""
        if held.is_lost:
            return False
        if self.clock() < held.until - self.lease / 2:
            return True
        # Somebody may have decided to take over: whoever makes the next link is the holder.
        following = self._take(held.chain, held.holder, held.tokens)
        if following is None:
            held.is_lost = True
            return False
        held.tokens, held.until, held.beats = following.tokens, following.until, 0
        held.descriptors += following.descriptors
        return True

    def _renew(self, held: Held) -> None:
        with held.mutex:
            try:
                self._beat(held)
            except Exception as exc:
                # Whatever it is, the other locks are to be renewed.
                get_logger("locks").warning(
                    f"{held.holder} cannot renew its lock, and loses it unless that changes: {exc}"
                )

    def _beat(self, held: Held) -> None:
        if held.is_lost or held.is_over or (held.end is not None and self.clock() >= held.end):
            return
        started = self.clock()
        if started >= held.until:
            if not self._is_certain(held):
                get_logger("locks").warning(
                    f"{held.holder} was stopped for more than {self.lease:g} seconds and lost its "
                    "lock"
                )
            return
        held.chain.beat(held.tokens[-1], held.beats + 1)
        held.beats += 1
        # What was written later may have been too late for somebody who waited.
        if self.clock() < held.until:
            held.until = started + self.lease
