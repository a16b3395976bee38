"""The threads of a process that give a sign of life for the locks that are held in it.

Not here: what a sign of life is; see `storage`.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prefect_results.caching.locks.storage import StorageLockManager

# Signs of life in one lease.
BEATS = 3


class _Heart:
    def __init__(self) -> None:
        self.mutex = threading.Lock()
        self.managers: weakref.WeakSet[StorageLockManager] = weakref.WeakSet()
        # A storage that does not answer must not keep the locks of another one from being renewed.
        self.threads: dict[StorageLockManager, threading.Thread] = {}

    def watch(self, manager: StorageLockManager) -> None:
        with self.mutex:
            self.managers.add(manager)
            if manager in self.threads:
                return
            thread = threading.Thread(
                target=self.run, args=(manager,), name="prefect-results-locks", daemon=True
            )
            thread.start()
            self.threads[manager] = thread

    def run(self, manager: StorageLockManager) -> None:
        due = manager.clock()
        while True:
            due = max(due + manager.lease / BEATS, manager.clock())
            while (left := due - manager.clock()) > 0:
                time.sleep(left)
            manager.renew()
            with self.mutex:
                if not manager.holds_any:
                    # The next lock starts another thread.
                    del self.threads[manager]
                    return


_heart = _Heart()


def watch(manager: StorageLockManager) -> None:
    """Give signs of life for a manager's locks, as long as it has any."""
    _heart.watch(manager)


def _release_all() -> None:
    for manager in list(_heart.managers):
        manager.release_all()


def _forget() -> None:
    """In a forked process: its parent's locks, and the threads, are not its own."""
    global _heart
    managers = list(_heart.managers)
    _heart = _Heart()
    for manager in managers:
        manager.forget()


atexit.register(_release_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
