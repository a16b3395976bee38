"""The port of locks, and how one waits for them.

Not here: any particular kind of lock; each has a module of its own.
"""

from __future__ import annotations

import os
import random
from abc import ABCMeta, abstractmethod
from collections.abc import Callable, Iterator


class LockManager(metaclass=ABCMeta):
    """Locks by name; each has one holder at a time (the methods are those of Prefect 3).

    A holder is named by a text that is unique to the one that asks, in all processes. All methods
    are thread-safe.
    """

    @abstractmethod
    def acquire_lock(
        self,
        key: str,
        holder: str,
        acquire_timeout: float | None = None,
        hold_timeout: float | None = None,
    ) -> bool:
        """Take a lock, waiting until it is free.

        Args:
            key: what is locked.
            holder: who takes it; who holds it already holds it still.
            acquire_timeout: seconds to wait at most; None waits without end, 0 does not wait.
            hold_timeout: seconds after which it is not kept any longer; None keeps it until it is
                released, or its holder dies.

        Returns:
            Whether the lock is held now.

        Raises:
            StorageError: if the storage of the locks cannot be used.
        """

    @abstractmethod
    def release_lock(self, key: str, holder: str) -> None:
        """Give a lock back.

        Args:
            key: what is locked.
            holder: who took it.

        Raises:
            LockLost: if this holder does not hold it, or not any longer; a successor's lock stays.
        """

    @abstractmethod
    def is_locked(self, key: str) -> bool:
        """Whether somebody has the lock, alive or not."""

    @abstractmethod
    def is_lock_holder(self, key: str, holder: str) -> bool:
        """Whether a holder has the lock still, so that nobody else can have it now.

        One whose lease may have run out gets a new one here, if nobody took over meanwhile.
        """

    @abstractmethod
    def wait_for_lock(self, key: str, timeout: float | None = None) -> bool:
        """Wait until a lock is free, or could be taken over from a holder that died.

        Args:
            key: what is locked.
            timeout: seconds to wait at most; None waits without end.

        Returns:
            Whether it was free; somebody else may have it already.
        """

    def name_of(self, key: str) -> str:
        """A text that names a lock wherever it can be seen, and nothing else.

        It tells a run that it would wait for itself. Made of this object by default, which no
        other process knows.
        """
        return f"{type(self).__qualname__} {os.getpid()} {id(self):x} {key}"


class Waiting:
    """The pauses of somebody who waits, ever longer ones, until a limit.

    Args:
        timeout: seconds in all; None for no limit.
        first: seconds, the first pause.
        longest: seconds, the longest pause.
        clock: seconds since any moment.
        sleep: waits for some seconds.
    """

    def __init__(
        self,
        timeout: float | None,
        first: float,
        longest: float,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._end = None if timeout is None else clock() + timeout
        self._first = first
        self._longest = longest
        self._pauses = self._lengths()

    def _lengths(self) -> Iterator[float]:
        length = min(self._first, self._longest)
        while True:
            # Those who wait together must not ask together.
            yield length * random.uniform(0.5, 1.0)
            length = min(length * 1.5, self._longest)

    def pause(self) -> bool:
        """Wait a little; false, at once, if the time is up."""
        pause = next(self._pauses)
        if self._end is not None:
            left = self._end - self._clock()
            if left <= 0:
                return False
            pause = min(pause, left)
        self._sleep(pause)
        return True
