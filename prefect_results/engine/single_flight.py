"""One value, wanted by several runs at once, is computed by one of them; the others read it.

Here is when a task run takes a lock, how it waits, and what it does when it lost the lock. Not
here: the locks (`caching.locks`), and what is looked for (`cached`).
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from prefect_results.context import context as ambient
from prefect_results.engine import shared_cache
from prefect_results.engine.checkpoint import can_write, is_written
from prefect_results.engine.inputs import template_values
from prefect_results.engine.isolation import configured
from prefect_results.exceptions import (
    LockCycle,
    LockLost,
    LockTimedOut,
    StorageError,
    Unavailable,
)
from prefect_results.executors.base import ending_on_sigterm
from prefect_results.results import StoredResult
from prefect_results.results.location import fill

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Mapping

    from prefect_results.caching.locks import LockManager
    from prefect_results.core import Task
    from prefect_results.results import Result
    from prefect_results.results.writing import UnfinishedWrite
    from prefect_results.states import State


# The context key under which a run has the locks of those that it is a part of, and their names.
HELD = "_locks_held"


class Flight:
    """The one run, of those that want a value, that may compute it.

    Args:
        manager: of the lock.
        key: names the value.
        look: gives the state with the value, if it is there.
        timeout: seconds to wait for others at most; None for no limit.
        name: full name of the task run.
        logger: the runner's.
    """

    def __init__(
        self,
        manager: LockManager,
        key: str,
        look: Callable[[], State | None],
        timeout: float | None,
        name: str,
        logger: logging.Logger,
    ) -> None:
        self._manager = manager
        self._key = key
        self._look = look
        self._timeout = timeout
        self._name = name
        self._logger = logger
        self._holder = f"{name} (process {os.getpid()}, {os.urandom(6).hex()})"
        self._is_begun = False
        self._lock_name = ""
        self._guard: Any = None
        # Where the storage of the lock cannot be used, and is not that of the value.
        self.spare: LockManager | None = None

    def begin(self) -> State | None:
        """Take the lock, or wait for who has it.

        Returns:
            The state with the value that another run computed; None if this one is to compute it.

        Raises:
            LockTimedOut: if neither was possible in time.
            LockCycle: if the one who has it waits for this run.
            StorageError: if the storage cannot be used.
        """
        self._guard = ending_on_sigterm()
        self._guard.__enter__()
        try:
            found = self._wait()
        except BaseException:
            self.end()
            raise
        if found is not None:
            self.end()
        return found

    def _wait(self) -> State | None:
        end = None if self._timeout is None else time.monotonic() + self._timeout
        says = True
        while True:
            try:
                is_taken = self._take()
            except Unavailable:
                raise
            except StorageError as exc:
                found = self._look()
                if found is None:
                    raise self._unlockable(exc) from exc
                return found
            if is_taken:
                return self._look()
            if says:
                says = False
                self._logger.info(f"Task '{self._name}': Waiting for a run that computes the same.")
            left = None if end is None else max(0.0, end - time.monotonic())
            if not self._manager.wait_for_lock(self._key, left):
                raise LockTimedOut(
                    f"Task '{self._name}' waited {self._timeout:g} seconds for another run that "
                    f"computes {self._key!r}; see lock_acquire_timeout under [caching] in the "
                    "configuration",
                    key=self._key,
                )
            # What a dead one left behind is taken over, and so removed, whatever it had written.
            if not self._manager.is_locked(self._key):
                found = self._look()
                if found is not None:
                    return found

    def _take(self) -> bool:
        """Take the lock, if it is free."""
        try:
            name = self._manager.name_of(self._key)
            held: Mapping[str, str] = ambient.get(HELD) or {}
            if name in held:
                raise LockCycle(
                    f"Task '{self._name}' wants the value {self._key!r}, which task "
                    f"'{held[name]}', whose run it is a part of, is computing: it would wait for "
                    "itself. Give it another target or cache_key, or "
                    "cache_isolation_level='read_committed'",
                    key=self._key,
                )
            if not self._manager.acquire_lock(self._key, self._holder, acquire_timeout=0):
                return False
        except Unavailable:
            raise
        except StorageError as exc:
            if self.spare is None:
                raise
            self._logger.warning(
                f"Task '{self._name}': Another process may compute the same value at the same "
                f"time: {exc}"
            )
            self._manager, self.spare = self.spare, None
            return self._take()
        self._is_begun, self._lock_name = True, name
        # Flows that the task runs inherit it, wherever they run.
        ambient.update({HELD: {**held, name: self._name}})
        return True

    def _unlockable(self, exc: StorageError) -> StorageError:
        return type(exc)(
            f"Task '{self._name}': The lock of {self._key!r} cannot be taken, so the task does not "
            f"run: {exc}. The storage must be writable; without locks "
            "(cache_isolation_level='read_committed') several runs may compute the value",
            location=self._key,
        )

    def keep(
        self, begin: Callable[[], UnfinishedWrite[Any] | None], write: Callable[[], Result]
    ) -> Result:
        """Write the value that was computed, unless another run has taken over meanwhile.

        Args:
            begin: serializes it, so that there is little left to do once it is known who holds
                the lock; gives None where that is no step of its own.
            write: serializes and writes it.

        Returns:
            What was written; or what the run that took over has written, once it has.
        """
        begun = begin()
        try:
            found = self._taken_over()
        except BaseException:
            if begun is not None:
                begun.abandon()
            raise
        if found is not None:
            if begun is not None:
                begun.abandon()
            return found._result
        if begun is None:
            return write()
        result: Result = begun.finish()
        return result

    def _taken_over(self) -> State | None:
        """The state that a run made which took over; None if this one holds the lock."""
        while not self._manager.is_lock_holder(self._key, self._holder):
            self.end()
            self._logger.warning(
                f"Task '{self._name}': This run was stopped for so long that another one took over "
                f"{self._key!r}; its value is used if there is one."
            )
            found = self.begin()
            if found is not None:
                return found
        return None

    def publish(self, state: State, task: Task) -> None:
        """Keep a cached state where those who wait for it look; a target needs no such thing."""

    def end(self) -> None:
        """Give the lock back, if it is held."""
        guard, self._guard = self._guard, None
        if guard is not None:
            guard.__exit__(None, None, None)
        if not self._is_begun:
            return
        self._is_begun = False
        held = ambient.get(HELD) or {}
        if self._lock_name in held:
            left = {name: who for name, who in held.items() if name != self._lock_name}
            ambient.update({HELD: left})
        try:
            self._manager.release_lock(self._key, self._holder)
        except LockLost as exc:
            self._logger.warning(
                f"Task '{self._name}': Another run may have computed the same value: {exc}"
            )
        except StorageError as exc:
            self._logger.warning(
                f"Task '{self._name}': The lock of {self._key!r} stays until its lease ends: {exc}"
            )


class CacheFlight(Flight):
    """The run that may compute what a cache holds.

    Attributes:
        place: where other processes find the cached state; None if they cannot.
    """

    place: shared_cache.Place | None = None

    def publish(self, state: State, task: Task) -> None:
        """Keep a cached state in the context, and where other processes look."""
        caches = ambient.get("caches")
        if caches is not None:
            caches.setdefault(task.cache_key or task.name, []).append(state)
        if self.place is not None and self._manager.is_lock_holder(self._key, self._holder):
            self.place.put(state, self._name, self._logger)


def of_target(
    task: Task,
    result: Result,
    inputs: Mapping[str, Any],
    look: Callable[[], State | None],
    logger: logging.Logger,
    name: str,
) -> Flight | None:
    """The flight of a run whose value lies at the task's target; None if it is not written.

    Args:
        task: the task.
        result: where the value goes.
        inputs: the values of the run's inputs, for the location's template.
        look: gives the state with the value, if it is there.
        logger: the runner's.
        name: full name of the task run.
    """
    if not is_written(task) or not can_write(result):
        return None
    values = template_values(inputs)
    target: Any = task.target
    location = fill(target if isinstance(target, str) else fill(target, values), values)
    now = configured()
    manager, key = shared_cache.lock_of(result, location, now.lease)
    flight = Flight(manager, key, look, now.timeout, name, logger)
    flight.spare = None if isinstance(result, StoredResult) else shared_cache.threads
    return flight


def of_cache(
    task: Task,
    result: Result,
    inputs: Mapping[str, Any],
    look: Callable[[shared_cache.Place | None], State | None],
    logger: logging.Logger,
    name: str,
) -> Flight | None:
    """The flight of a run of a task with `cache_for`; None if no other run's value serves it.

    Args:
        task: the task.
        result: how and where the value is kept.
        inputs: the values of the run's inputs.
        look: gives the cached state, from the context or from a place.
        logger: the runner's.
        name: full name of the task run.
    """
    key = shared_cache.key_of(task, inputs, ambient.get("parameters"))
    if key is None:
        return None
    now = configured()
    place = shared_cache.Place.of(result, key) if is_written(task) else None
    manager: LockManager = shared_cache.threads
    if place is not None:
        manager = shared_cache.manager_of(place.filesystem, now.lease)
    flight = CacheFlight(manager, key, lambda: look(place), now.timeout, name, logger)
    flight.place = place
    flight.spare = None if isinstance(result, StoredResult) else shared_cache.threads
    return flight
