"""The thread of a process that gives a sign of life for the locks that are held in it.

Not here: what a sign of life is; see `storage`.
"""

from __future__ import annotations

import atexit
import os
import threading
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prefect_results.caching.locks.storage import StorageLockManager

# Signs of life in one lease.
BEATS = 3


class _Heart:
    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.managers: weakref.WeakSet[StorageLockManager] = weakref.WeakSet()
        self.due: dict[StorageLockManager, float] = {}
        self.thread: threading.Thread | None = None

    def watch(self, manager: StorageLockManager) -> None:
        with self.changed:
            self.managers.add(manager)
            if manager in self.due:
                return
            self.due[manager] = manager.clock() + manager.lease / BEATS
            if self.thread is None or not self.thread.is_alive():
                self.thread = threading.Thread(
                    target=self.run, name="prefect-results-locks", daemon=True
                )
                self.thread.start()
            self.changed.notify()

    def run(self) -> None:
        while True:
            with self.changed:
                if not self.due:
                    # The next lock starts another thread.
                    self.thread = None
                    return
                manager, moment = min(self.due.items(), key=lambda item: item[1] - item[0].clock())
                left = moment - manager.clock()
                if left > 0:
                    self.changed.wait(left)
                    continue
                self.due[manager] = manager.clock() + manager.lease / BEATS
            manager.renew()
            with self.changed:
                if not manager.holds_any:
                    self.due.pop(manager, None)


_heart = _Heart()


def watch(manager: StorageLockManager) -> None:
    """Give signs of life for a manager's locks, as long as it has any."""
    _heart.watch(manager)


def _release_all() -> None:
    for manager in list(_heart.managers):
        manager.release_all()


def _forget() -> None:
    """In a forked process: its parent's locks, and the thread, are not its own."""
    global _heart
    managers = list(_heart.managers)
    _heart = _Heart()
    for manager in managers:
        manager.forget()


atexit.register(_release_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
