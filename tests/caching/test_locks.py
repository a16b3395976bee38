"""Every kind of lock passes the contract."""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import threading
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import fsspec
import pytest

from prefect_results.caching.isolation import IsolationLevel, isolation_level
from prefect_results.caching.locks import (
    MemoryLockManager,
    StorageLockManager,
    heart,
    is_lock,
    liveness,
)
from prefect_results.caching.locks.chain import asking_once
from prefect_results.exceptions import ConfigurationError, LockLost
from prefect_results.filesystems import (
    AzureFileSystem,
    FileSystem,
    FSSpecFileSystem,
    GCSFileSystem,
    LocalFileSystem,
    MemoryFileSystem,
    S3FileSystem,
)
from prefect_results.testing.locks import LockManagerContract, Make, StorageLockContract
from tests.emulators import S3_KEYS


class TestThreads(LockManagerContract):
    """The threads of this process."""

    @pytest.fixture
    def make(self) -> Make:
        """The same manager each time."""
        manager = MemoryLockManager()
        return lambda: manager

    def test_a_lock_ends_behind_its_time(self) -> None:
        """Behind its `hold_timeout` somebody else gets a lock, and the first one notices."""
        manager = MemoryLockManager()
        manager.acquire_lock("a", "one", hold_timeout=0.001)
        assert manager.acquire_lock("a", "two") is True
        with pytest.raises(LockLost):
            manager.release_lock("a", "one")


class TestLocal(StorageLockContract):
    """Files of this machine."""

    @pytest.fixture
    def filesystem(self, tmp_path: Path) -> FileSystem:
        """A folder that does not exist yet."""
        return LocalFileSystem(tmp_path / "root")


class TestMemory(StorageLockContract):
    """The memory of this process."""

    @pytest.fixture
    def filesystem(self) -> FileSystem:
        """A store that nobody else uses."""
        filesystem = MemoryFileSystem("locks")
        filesystem.clear()
        return filesystem


class TestFSSpecMemory(StorageLockContract):
    """The memory filesystem of fsspec."""

    @pytest.fixture
    def filesystem(self) -> FileSystem:
        """An empty folder."""
        fs = fsspec.filesystem("memory")
        fs.store.clear()
        fs.pseudo_dirs[:] = [""]
        return FSSpecFileSystem("memory://locks/below")


class TestFSSpecLocal(StorageLockContract):
    """Local files, by way of fsspec."""

    @pytest.fixture
    def filesystem(self, tmp_path: Path) -> FileSystem:
        """An empty folder."""
        return FSSpecFileSystem(f"file://{tmp_path}/root")


class TestSFTP(StorageLockContract):
    """A folder on a server that speaks SFTP, by fsspec."""

    @pytest.fixture
    def filesystem(self, sftp_options: dict[str, Any], tmp_path: Path) -> FileSystem:
        """A folder that does not exist yet."""
        options = dict(sftp_options)
        return FSSpecFileSystem(f"sftp://{options.pop('host')}{tmp_path}/root", **options)


class TestS3(StorageLockContract):
    """A bucket of S3."""

    @pytest.fixture
    def filesystem(self, s3_url: str, s3_bucket: str) -> FileSystem:
        """A new bucket."""
        return S3FileSystem(s3_bucket, boto3_kwargs={"endpoint_url": s3_url, **S3_KEYS})


class TestGCS(StorageLockContract):
    """A bucket of GCS."""

    @pytest.fixture
    def filesystem(self, gcs_bucket: str) -> FileSystem:
        """A new bucket."""
        return GCSFileSystem(gcs_bucket)


class TestAzure(StorageLockContract):
    """A container of Azure."""

    @pytest.fixture
    def filesystem(self, azure_string: str, azure_container: str) -> FileSystem:
        """A new container."""
        return AzureFileSystem(azure_container, connection_string=azure_string)


def hold(root: str, pipe: Connection) -> None:
    """Take a lock, say so, and keep it until told otherwise."""
    manager = StorageLockManager(LocalFileSystem(root), 3600)
    manager.acquire_lock("a", "other process")
    pipe.send("held")
    pipe.recv()


@pytest.fixture
def other(tmp_path: Path) -> Any:
    """A process that holds a lock in the folder."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=hold, args=(str(tmp_path), there))
    process.start()
    assert here.recv() == "held"
    yield process, here
    if process.is_alive():
        process.kill()
    process.join()


@pytest.mark.skipif(not liveness.KERNEL, reason="the system does not tell who lives")
def test_a_killed_process_of_this_machine_is_succeeded_at_once(tmp_path: Path, other: Any) -> None:
    """Nobody waits for the lease of a process that the system knows to be dead."""
    manager = StorageLockManager(LocalFileSystem(tmp_path), 3600)
    assert manager.acquire_lock("a", "me", acquire_timeout=0) is False
    os.kill(other[0].pid, signal.SIGKILL)
    other[0].join()
    assert manager.acquire_lock("a", "me", acquire_timeout=0) is True
    manager.release_lock("a", "me")
    assert [name for name in os.listdir(tmp_path) if is_lock(name)] == []


@pytest.mark.skipif(not liveness.KERNEL, reason="the system does not tell who lives")
def test_a_file_server_that_cannot_lock_files_holds_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody can be told to be alive by a locked file, nobody is taken for dead."""

    def refused(fd: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    first, second = (StorageLockManager(LocalFileSystem(tmp_path), 3600) for _ in "12")
    with monkeypatch.context() as patch:
        patch.setattr(liveness.fcntl, "flock", refused)
        assert first.acquire_lock("a", "one", acquire_timeout=0) is True
    assert second.acquire_lock("a", "two", acquire_timeout=0) is False
    first.release_lock("a", "one")
    assert os.listdir(tmp_path) == []


def test_the_removal_of_a_lock_is_asked_for_once() -> None:
    """No filesystem of the library repeats it, and one with a single connection shares that."""
    s3 = S3FileSystem("bucket")
    assert asking_once(s3).retries.attempts == 1  # type: ignore[attr-defined]
    sftp = FSSpecFileSystem("sftp://host/folder")
    once = asking_once(sftp)
    assert isinstance(once, FSSpecFileSystem)
    assert (once.retries.attempts, once._lock) == (1, sftp._lock)
    assert (s3.retries.attempts, sftp.retries.attempts) == (8, 8)


class SlowFileSystem(MemoryFileSystem):
    """Storage whose signs of life wait for one another: as many at once as there are locks."""

    barrier = threading.Barrier(3)

    def put(self, location: str, data: Any) -> Any:
        """Write."""
        if data == b"1":
            self.barrier.wait(60)
        return super().put(location, data)


def test_many_locks_on_slow_storage_are_renewed_at_once() -> None:
    """No lock waits for the sign of life of another one."""
    manager = StorageLockManager(SlowFileSystem("slow"), 3600, renews=False)
    for key in "abc":
        manager.acquire_lock(key, "me")
    manager.renew()
    assert [held.beats for held in manager._held.values()] == [1, 1, 1]
    for key in "abc":
        manager.release_lock(key, "me")
    assert list(manager.filesystem.list()) == []


def test_a_process_that_ends_gives_its_locks_back(tmp_path: Path, other: Any) -> None:
    """What is still held when the interpreter exits is given back."""
    process, pipe = other
    pipe.send("go")
    process.join()
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_holds_nothing(tmp_path: Path) -> None:
    """The locks of a process are not those of its forked children, which leave them alone."""
    manager = StorageLockManager(LocalFileSystem(tmp_path), 3600)
    manager.acquire_lock("a", "me")
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            status = int(manager.is_lock_holder("a", "me") or manager.holds_any)
        finally:
            os._exit(status)
    assert os.waitpid(pid, 0)[1] == 0
    assert manager.is_lock_holder("a", "me") is True
    manager.release_lock("a", "me")


def test_signs_of_life_are_given_by_a_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lock whose holder does something else is renewed; the thread ends with the last lock."""
    monkeypatch.setattr(heart, "_heart", heart._Heart())
    manager = StorageLockManager(LocalFileSystem(tmp_path), 0.03)
    renewed = threading.Event()
    renew = manager.renew
    manager.renew = lambda: (renew(), renewed.set())  # type: ignore[method-assign,func-returns-value]
    manager.acquire_lock("a", "me")
    thread = heart._heart.threads[manager]
    assert renewed.wait(60)
    manager.release_lock("a", "me")
    thread.join(60)
    assert not thread.is_alive()


def test_a_storage_without_conditional_put_holds_no_locks() -> None:
    """The error says what can be done."""
    with pytest.raises(ConfigurationError, match="read_committed"):
        StorageLockManager(FSSpecFileSystem("http://127.0.0.1/x"))
    with pytest.raises(ConfigurationError, match="lease"):
        StorageLockManager(MemoryFileSystem(), lease=0)


def test_levels_by_name() -> None:
    """A level is given as a member or by name; anything else is an error that lists them."""
    assert isolation_level("SERIALIZABLE") is IsolationLevel.SERIALIZABLE
    assert isolation_level(IsolationLevel.READ_COMMITTED) is IsolationLevel.READ_COMMITTED
    with pytest.raises(ConfigurationError, match="'read_committed' or 'serializable'"):
        isolation_level("repeatable_read")
