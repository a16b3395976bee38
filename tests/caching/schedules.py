"""Processes that want one lock, run step by step under a clock and a schedule of the test's making.

Each process is a thread that stops before every request to the storage and whenever it waits; the
test says who goes on, who dies, and how much time passes. Not here: what must hold of them.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from prefect_results.caching.locks import StorageLockManager, is_lock
from prefect_results.exceptions import LockLost, StorageError, Unavailable
from prefect_results.filesystems import FileInfo, MemoryFileSystem

LEASE = 12.0
KEY = "folder/value"


class Killed(BaseException):
    """The process is dead."""


class Process:
    """One who takes the lock, works for some steps, and gives it back.

    Args:
        world: where it lives.
        name: of the holder.
        steps: how long it works.
    """

    def __init__(self, world: World, name: str, steps: int) -> None:
        self.world = world
        self.name = name
        self.steps = steps
        self.manager = StorageLockManager(
            StepwiseStorage(self), LEASE, clock=lambda: world.now, sleep=self.pause, renews=False
        )
        self.outcome: str | None = None
        self.error: BaseException | None = None
        #: What becomes of its next request, if not what it wants; see `StepwiseStorage`.
        self.fault: str | None = None
        #: The moment at which it asked for the removal of the root, while it waits for that.
        self.removing: float | None = None
        self.is_dead = False
        self._go = threading.Semaphore(0)
        self._stopped = threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._stopped.acquire()

    @property
    def is_done(self) -> bool:
        """Whether it will do nothing more."""
        return self.outcome is not None

    def is_valid(self) -> bool:
        """Whether it holds the lock, and may think so, at this moment."""
        if self.is_dead:
            return False
        return any(
            not held.is_lost and not held.is_over and self.world.now < held.until
            for held in self.manager._held.values()
        )

    def step(self) -> None:
        """Let it go on until it stops the next time."""
        if not self.is_done:
            self._go.release()
            self._stopped.acquire()

    def kill(self) -> None:
        """Let it never go on."""
        self.is_dead = True
        self.step()

    def pause(self, seconds: float = 0.0) -> None:
        """Stop, until the test lets it go on."""
        self._stopped.release()
        self._go.acquire()
        if self.is_dead:
            raise Killed

    def _run(self) -> None:
        try:
            self.pause()
            self._work()
        except Killed:
            self.outcome = "killed"
        except BaseException as exc:
            self.error, self.outcome = exc, "failed"
        self._stopped.release()

    def _work(self) -> None:
        try:
            assert self.manager.acquire_lock(KEY, self.name)
        except Unavailable:
            self.outcome = "unavailable"
            return
        beaten = self.world.now
        for _ in range(self.steps):
            self.pause()
            if self.world.now - beaten >= LEASE / 3:
                beaten = self.world.now
                self.manager.renew()
        try:
            if self.manager.is_lock_holder(KEY, self.name):
                self.world.committed.append((self.name, self.world.others_valid(self)))
        except Unavailable:
            pass
        try:
            self.manager.release_lock(KEY, self.name)
        except (LockLost, Unavailable) as exc:
            self.outcome = "lost" if isinstance(exc, LockLost) else "unreleased"
        else:
            self.outcome = "released"


class StepwiseStorage(MemoryFileSystem):
    """Objects of the world; each request waits for the test.

    A request may go wrong: it is `lost`; it is carried out, and the answer is lost (`unanswered`);
    or it is carried out `late`, within half a lease, when the one who made it has given it up.

    Args:
        process: whose requests they are.
    """

    def __init__(self, process: Process) -> None:
        super().__init__()
        self._process = process
        self._store = process.world.objects

    def get(self, location: str) -> bytes:
        """Read."""
        return self._later(super().get, location)

    def put(self, location: str, data: Any) -> FileInfo:
        """Write."""
        return self._later(super().put, location, data)

    def put_if_absent(self, location: str, data: Any) -> FileInfo:
        """Write if there is nothing."""
        return self._later(self._put_if_absent, location, data)

    def delete(self, location: str) -> None:
        """Remove."""
        if "-" not in location.rpartition("lock-")[2]:
            self._process.removing = self._process.world.now
        try:
            self._later(super().delete, location)
        finally:
            self._process.removing = None

    def _put_if_absent(self, location: str, data: Any) -> FileInfo:
        if location in self._store:
            return super().put_if_absent(location, data)
        return MemoryFileSystem.put(self, location, data)

    def _later(self, request: Callable[..., Any], *arguments: Any) -> Any:
        self._process.pause()
        fault, self._process.fault = self._process.fault, None
        if fault is None:
            return request(*arguments)
        world, carry_out = self._process.world, partial(request, *arguments)
        if fault == "late":
            world.late.append((world.now + LEASE / 2, carry_out))
        elif fault == "unanswered":
            with contextlib.suppress(StorageError):
                carry_out()
        raise Unavailable(f"{arguments[0]} cannot be reached")


class World:
    """A storage, a clock, and some processes.

    Args:
        steps: for each process, how long it works.
    """

    def __init__(self, steps: list[int]) -> None:
        self.now = 1000.0
        self.objects: dict[str, Any] = {}
        #: Requests that were given up, and the moments until which they are carried out.
        self.late: list[tuple[float, Callable[[], Any]]] = []
        self.committed: list[tuple[str, list[str]]] = []
        self.processes = [Process(self, f"p{n}", count) for n, count in enumerate(steps)]

    def others_valid(self, process: Process) -> list[str]:
        """The names of others that hold the lock."""
        return [other.name for other in self.valid() if other is not process]

    def valid(self) -> list[Process]:
        """Those that hold the lock."""
        return [process for process in self.processes if process.is_valid()]

    def pass_time(self, seconds: float) -> None:
        """Let time pass; a removal that was asked for takes effect within half a lease."""
        end = self.now + seconds
        for process in self.processes:
            if process.removing is not None and process.removing + LEASE / 2 <= end:
                process.step()
        self.arrive(end)
        self.now = end

    def arrive(self, until: float = float("inf")) -> None:
        """Carry out what is late; all, or what has to be until a moment."""
        due = [entry for entry in self.late if entry[0] <= until]
        self.late = [entry for entry in self.late if entry[0] > until]
        for _, request in due:
            with contextlib.suppress(StorageError):
                request()

    def living(self) -> Iterator[Process]:
        """Those that will still do something."""
        return (process for process in self.processes if not process.is_done)

    def left_over(self) -> list[str]:
        """What is in the storage."""
        assert all(is_lock(location) for location in self.objects)
        return sorted(self.objects)

    def close(self) -> None:
        """Kill all."""
        for process in list(self.living()):
            process.kill()
