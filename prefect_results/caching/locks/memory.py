"""Locks of the threads of one process.

Not here: locks that other processes see; see `storage`.
"""

from __future__ import annotations

import threading
import time

from prefect_results.caching.locks.base import LockManager
from prefect_results.exceptions import LockLost


class MemoryLockManager(LockManager):
    """Locks that live in this process; a holder whose `hold_timeout` has passed loses its lock."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Know of no lock; in a process that was forked, where those who hold them are not."""
        self._changed = threading.Condition()
        self._held: dict[str, tuple[str, float | None]] = {}

    def acquire_lock(
        self,
        key: str,
        holder: str,
        acquire_timeout: float | None = None,
        hold_timeout: float | None = None,
    ) -> bool:
        """Take a lock, waiting until it is free."""
        with self._changed:
            if self._holder(key) == holder:
                return True
            if not self._wait(key, acquire_timeout):
                return False
            end = None if hold_timeout is None else time.monotonic() + hold_timeout
            self._held[key] = (holder, end)
            return True

    def release_lock(self, key: str, holder: str) -> None:
        """Give a lock back."""
        with self._changed:
            if self._holder(key) != holder:
                raise LockLost(f"{holder} does not hold the lock of {key!r}", key=key)
            del self._held[key]
            self._changed.notify_all()

    def is_locked(self, key: str) -> bool:
        """Whether somebody has the lock."""
        with self._changed:
            return self._holder(key) is not None

    def is_lock_holder(self, key: str, holder: str) -> bool:
        """Whether a holder has the lock still."""
        with self._changed:
            return self._holder(key) == holder

    def wait_for_lock(self, key: str, timeout: float | None = None) -> bool:
        """Wait until a lock is free."""
        with self._changed:
            return self._wait(key, timeout)

    def _holder(self, key: str) -> str | None:
        holder, end = self._held.get(key, (None, None))
        if end is not None and time.monotonic() >= end:
            del self._held[key]
            return None
        return holder

    def _wait(self, key: str, timeout: float | None) -> bool:
        until = None if timeout is None else time.monotonic() + timeout
        while self._holder(key) is not None:
            ends = [end for end in (until, self._held[key][1]) if end is not None]
            left = min(ends) - time.monotonic() if ends else None
            if until is not None and until <= time.monotonic():
                return False
            self._changed.wait(left)
        return True
