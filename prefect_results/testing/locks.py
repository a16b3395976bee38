"""What every kind of lock must do, and what locks on a storage must do besides.

Derive a test class, and say how a lock manager, or the filesystem of its locks, is made::

    class TestMine(StorageLockContract):
        @pytest.fixture
        def filesystem(self, tmp_path):
            return MyFileSystem(tmp_path)

Not here: the schedules that the protocol survives, which are the same for every storage.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from prefect_results.caching.locks import LockManager, StorageLockManager, is_lock
from prefect_results.exceptions import LockLost
from prefect_results.filesystems import FileSystem

# Of the tests' own clock.
LEASE = 20.0
Make = Callable[[], LockManager]


class LockManagerContract:
    """Tests of the port `LockManager`; subclasses give the fixture `make`."""

    @pytest.fixture
    def make(self) -> Make:
        """Makes a manager, as another process would, of the same locks each time."""
        raise NotImplementedError

    def test_one_holder_at_a_time(self, make: Make) -> None:
        """A lock that is held is not given to another one, and is again once it is given back."""
        first, second = make(), make()
        assert first.is_locked("a/b") is False
        assert first.acquire_lock("a/b", "one", acquire_timeout=0) is True
        assert second.acquire_lock("a/b", "two", acquire_timeout=0) is False
        assert (first.is_locked("a/b"), second.is_locked("a/b")) == (True, True)
        assert first.is_lock_holder("a/b", "one") is True
        assert second.is_lock_holder("a/b", "two") is False
        first.release_lock("a/b", "one")
        assert second.is_locked("a/b") is False
        assert second.acquire_lock("a/b", "two", acquire_timeout=0) is True
        second.release_lock("a/b", "two")

    def test_a_holder_holds_it_already(self, make: Make) -> None:
        """Who asks for a lock that it has, has it; once."""
        manager = make()
        assert manager.acquire_lock("a", "one") is True
        assert manager.acquire_lock("a", "one", acquire_timeout=0) is True
        manager.release_lock("a", "one")
        assert manager.is_locked("a") is False

    def test_keys_are_told_apart(self, make: Make) -> None:
        """Locks of different names have nothing to do with each other, whatever is in the names."""
        manager = make()
        names = ["a", "b", "a/b", "a b", "\u00e9", "e\u0301", "x" * 300, "a/" + "y" * 300]
        for name in names:
            assert manager.acquire_lock(name, "one", acquire_timeout=0) is True
        for name in names:
            assert manager.is_lock_holder(name, "one") is True
            manager.release_lock(name, "one")

    def test_only_the_holder_gives_it_back(self, make: Make) -> None:
        """Giving back what one does not hold is an error that names it, and changes nothing."""
        first, second = make(), make()
        with pytest.raises(LockLost, match="nobody"):
            first.release_lock("a", "nobody")
        first.acquire_lock("a", "one")
        with pytest.raises(LockLost, match="two") as error:
            second.release_lock("a", "two")
        assert error.value.key == "a"
        assert first.is_lock_holder("a", "one") is True
        first.release_lock("a", "one")
        with pytest.raises(LockLost):
            first.release_lock("a", "one")

    def test_those_who_wait_get_it(self, make: Make) -> None:
        """One that waits goes on when the lock is given back."""
        first, second = make(), make()
        first.acquire_lock("a", "one")
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(second.acquire_lock, "a", "two")
            first.release_lock("a", "one")
            assert waiting.result() is True
        second.release_lock("a", "two")

    def test_waiting_without_taking(self, make: Make) -> None:
        """Waiting ends when the lock is free, which it stays; or when the time is up."""
        first, second = make(), make()
        assert second.wait_for_lock("a", timeout=0) is True
        first.acquire_lock("a", "one")
        assert second.wait_for_lock("a", timeout=0) is False
        assert second.wait_for_lock("a", timeout=0.01) is False
        assert second.acquire_lock("a", "two", acquire_timeout=0.01) is False
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(second.wait_for_lock, "a")
            first.release_lock("a", "one")
            assert waiting.result() is True
        assert second.is_locked("a") is False

    def test_many_at_once(self, make: Make) -> None:
        """Of many that want it again and again, one at a time has it."""
        start = threading.Barrier(4)
        inside: list[int] = []
        most: list[int] = []

        def work(number: int) -> None:
            manager = make()
            start.wait()
            for turn in range(4):
                assert manager.acquire_lock("a", f"{number} {turn}") is True
                inside.append(number)
                most.append(len(inside))
                inside.remove(number)
                manager.release_lock("a", f"{number} {turn}")

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(work, range(4)))
        assert most == [1] * 16
        assert make().is_locked("a") is False


class Clock:
    """A clock that goes when somebody sleeps, or as it is told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """The present moment."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


class StorageLockContract(LockManagerContract):
    """Tests of locks on a storage; subclasses give the fixture `filesystem`, empty."""

    @pytest.fixture
    def filesystem(self) -> FileSystem:
        """A new filesystem with nothing in it."""
        raise NotImplementedError

    @pytest.fixture
    def make(self, filesystem: FileSystem) -> Make:
        """Makes a manager of the locks of the filesystem."""
        return lambda: StorageLockManager(filesystem, 60.0)

    @pytest.fixture
    def clock(self) -> Clock:
        """A clock for the test."""
        return Clock()

    @pytest.fixture
    def under(self, filesystem: FileSystem, clock: Clock) -> Callable[[], StorageLockManager]:
        """Makes a manager that goes by the clock, and gives signs of life when it is told."""

        def make() -> StorageLockManager:
            manager = StorageLockManager(
                filesystem, LEASE, clock=clock, sleep=clock.sleep, renews=False
            )
            # That the process lives is known at once on some storage; here it is to look dead.
            manager._kernel = ""
            return manager

        return make

    def test_nothing_is_left_over(self, filesystem: FileSystem, make: Make) -> None:
        """A lock's objects have names of their own, and are gone when it was given back."""
        manager = make()
        manager.acquire_lock("a/b", "one")
        locations = [info.location for info in filesystem.list()]
        assert locations
        assert all(is_lock(location) for location in locations)
        assert all(location.startswith("a/") for location in locations)
        manager.release_lock("a/b", "one")
        assert list(filesystem.list()) == []

    def test_a_lock_has_one_name(self, make: Make) -> None:
        """Whoever can see a lock calls it the same, and no other one."""
        assert make().name_of("a/b") == make().name_of("a/b")
        assert len({make().name_of(key) for key in ("a/b", "a/c", "b")}) == 3

    def test_a_living_holder_keeps_it(
        self, filesystem: FileSystem, clock: Clock, under: Callable[[], StorageLockManager]
    ) -> None:
        """One that gives signs of life has its lock for many leases."""
        first, second = under(), under()
        first.acquire_lock("a", "one")
        for _ in range(8):
            assert second.acquire_lock("a", "two", acquire_timeout=0) is False
            clock.sleep(LEASE / 3)
            first.renew()
        assert first.is_lock_holder("a", "one") is True
        first.release_lock("a", "one")
        assert list(filesystem.list()) == []

    def test_a_dead_holder_is_succeeded(
        self, filesystem: FileSystem, clock: Clock, under: Callable[[], StorageLockManager]
    ) -> None:
        """After a lease without a sign of life one of those who wait takes over, and notices it."""
        dead, second, third = under(), under(), under()
        dead.acquire_lock("a", "dead")
        assert third.acquire_lock("a", "three", acquire_timeout=0) is False
        began = clock.now
        assert second.acquire_lock("a", "two", acquire_timeout=2 * LEASE) is True
        assert clock.now - began >= LEASE
        assert third.acquire_lock("a", "three", acquire_timeout=0) is False
        assert dead.is_lock_holder("a", "dead") is False
        with pytest.raises(LockLost, match="another one took over"):
            dead.release_lock("a", "dead")
        assert second.is_lock_holder("a", "two") is True
        second.release_lock("a", "two")
        assert list(filesystem.list()) == []

    def test_one_that_was_stopped_goes_on_if_nobody_took_over(
        self, filesystem: FileSystem, clock: Clock, under: Callable[[], StorageLockManager]
    ) -> None:
        """A holder that slept for many leases has its lock still, with a whole lease."""
        first, second = under(), under()
        first.acquire_lock("a", "one")
        assert second.acquire_lock("a", "two", acquire_timeout=0) is False
        clock.sleep(10 * LEASE)
        assert first.is_lock_holder("a", "one") is True
        assert second.acquire_lock("a", "two", acquire_timeout=LEASE * 0.9) is False
        first.release_lock("a", "one")
        assert list(filesystem.list()) == []

    def test_what_waits_and_then_takes_need_not_wait_twice(
        self, clock: Clock, under: Callable[[], StorageLockManager]
    ) -> None:
        """Who waited until a lock could be taken over takes it over without waiting again."""
        dead, second = under(), under()
        dead.acquire_lock("a", "dead")
        assert second.wait_for_lock("a", timeout=2 * LEASE) is True
        assert second.acquire_lock("a", "two", acquire_timeout=0) is True

    def test_a_lock_is_not_kept_for_longer_than_was_asked(
        self, clock: Clock, under: Callable[[], StorageLockManager]
    ) -> None:
        """Behind its `hold_timeout` a lock is renewed no more, so that a lease later it is free."""
        first, second = under(), under()
        first.acquire_lock("a", "one", hold_timeout=LEASE / 2)
        for _ in range(4):
            clock.sleep(LEASE / 3)
            first.renew()
            taken = second.acquire_lock("a", "two", acquire_timeout=0)
        clock.sleep(LEASE / 3)
        assert taken or second.acquire_lock("a", "two", acquire_timeout=0)

    def test_nonsense_in_the_place_of_a_lock_is_succeeded(
        self, filesystem: FileSystem, under: Callable[[], StorageLockManager]
    ) -> None:
        """An object that no holder wrote locks for a lease, and then no more."""
        manager = under()
        manager.acquire_lock("a", "one")
        (root,) = [info.location for info in filesystem.list()]
        manager.release_lock("a", "one")
        filesystem.put(root, b'{"token": 5}')
        assert manager.acquire_lock("a", "one", acquire_timeout=LEASE / 2) is False
        assert manager.acquire_lock("a", "one", acquire_timeout=LEASE) is True
        manager.release_lock("a", "one")
        assert list(filesystem.list()) == []
