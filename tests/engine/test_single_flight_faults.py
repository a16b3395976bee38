"""Values that one run is to compute, where storage, locks or processes do not do as they should."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from prefect_results import Flow, context, task
from prefect_results.configuration import config
from prefect_results.engine import TaskRunner, shared_cache
from prefect_results.exceptions import LockCycle, PermissionDenied
from prefect_results.executors import LocalDaskExecutor
from prefect_results.filesystems import LocalFileSystem
from prefect_results.results import LocalResult
from prefect_results.states import Failed, Success
from tests.engine.flights import HOUR, ONCE, Gate, flow_of, locks_in, run_at_once


@pytest.fixture(autouse=True)
def checkpointing() -> Iterator[None]:
    """Results are written, and nothing is cached yet."""
    with context(checkpointing=True, caches={}):
        yield


@pytest.mark.parametrize("executor", [None, "threads"])
def test_a_run_that_would_wait_for_itself_fails(tmp_path: Path, executor: str | None) -> None:
    """A flow inside a task does not wait for the lock of that task: nobody would ever go on."""
    gate = Gate()
    gate.is_open.set()
    inner, value = flow_of(gate, result=LocalResult(dir=str(tmp_path)), target="{x}")
    pool = executor and LocalDaskExecutor(scheduler=executor, num_workers=2)
    inner.add_task(task(lambda: 1, name="another one"))

    @task(name="outer", result=LocalResult(dir=str(tmp_path)), target="1", **ONCE)
    def outer() -> Any:
        other = inner.run(x=2, executor=pool).result[value]
        assert other.result == 2
        return inner.run(x=1, executor=pool).result[value]

    with Flow("outer") as flow:
        found = outer()
    state = flow.run().result[found].result
    assert type(state) is Failed
    assert isinstance(state.result, LockCycle)
    assert "'outer', whose run it is a part of" in str(state.result)
    assert gate.calls == [2]
    (tmp_path / "1").unlink()
    assert flow_of(gate, result=LocalResult(dir=str(tmp_path)), target="{x}")[0].run().result


def refuse(monkeypatch: pytest.MonkeyPatch, *folders: Path) -> None:
    """Let no file be made in folders, as if they were read-only."""
    create = LocalFileSystem.create

    def refused(self: LocalFileSystem, path: str, location: str) -> Any:
        if any(path.startswith(f"{folder}/") for folder in folders):
            raise PermissionDenied(f"{path} lies on a read-only filesystem", location=location)
        return create(self, path, location)

    monkeypatch.setattr(LocalFileSystem, "create", refused)


def test_storage_that_takes_no_locks_fails_before_the_task_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no lock can be written no value can; the state says for which task, and what to do."""
    gate = Gate()
    gate.is_open.set()
    flow, value = flow_of(gate, result=LocalResult(dir=str(tmp_path)), target="{x}")
    refuse(monkeypatch, tmp_path)
    state = flow.run().result[value]
    assert gate.calls == []
    assert isinstance(state.result, PermissionDenied)
    assert "Task 'work': The lock of '1' cannot be taken" in str(state.result)
    assert "read-only filesystem" in str(state.result)


def test_what_is_cached_on_storage_that_is_read_only_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A value that is there needs no lock."""
    gate = Gate()
    gate.is_open.set()
    options = {"result": LocalResult(dir=str(tmp_path)), "cache_for": HOUR}
    flow, value = flow_of(gate, **options)
    flow.run()
    refuse(monkeypatch, tmp_path)
    with context(caches={}):
        assert flow.run().result[value].result == 1
    assert gate.calls == [1]


def test_values_without_storage_need_no_home_folder(
    home_dir: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the home cannot be written, the threads of the process still compute once."""
    refuse(monkeypatch, home_dir)
    gate = Gate()
    flow, value = flow_of(gate, cache_for=HOUR)
    states = run_at_once(flow, value, gate)
    assert gate.calls == [1]
    assert [state.result for state in states] == [1] * 4
    assert "Another process may compute the same value" in caplog.text


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_waits_for_no_thread_of_its_parent() -> None:
    """Threads that hold a lock are not there in a forked process, and would never give it back."""
    shared_cache.threads.acquire_lock("k", "me")
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            status = int(not shared_cache.threads.acquire_lock("k", "it", acquire_timeout=0))
        finally:
            os._exit(status)
    assert os.waitpid(pid, 0)[1] == 0
    shared_cache.threads.release_lock("k", "me")


def test_one_that_lost_its_lock_uses_what_its_successor_wrote(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A run that was stopped for longer than its lease overwrites nothing, and says so."""
    filesystem = LocalFileSystem(tmp_path)

    @task(result=LocalResult(dir=str(tmp_path)), target="t", **ONCE)
    def work() -> str:
        (manager,) = [m for (fs, _), m in shared_cache._managers.items() if fs == filesystem]
        (held,) = manager._held.values()
        # As if nobody had heard of it for a long time, and another one had come and gone.
        held.until = 0.0
        held.chain.remove_root(held.tokens[0])
        LocalResult(dir=str(tmp_path)).with_location("t").write("theirs")
        return "mine"

    state = TaskRunner(work).run()
    assert (type(state), state.result) == (Success, "theirs")
    assert LocalResult(dir=str(tmp_path)).read("t").value == "theirs"
    assert "another one took over" in caplog.text
    assert locks_in(tmp_path) == []


def stopped(folder: str, pipe: Connection) -> None:
    """Say that the value is being computed, go on when told to, and say what became of the run."""
    config.caching.lock_lease = 0.5

    @task(name="work", result=LocalResult(dir=folder), target="t", **ONCE)
    def work() -> str:
        pipe.send("computing")
        pipe.recv()
        return "mine"

    with context(checkpointing=True):
        state = TaskRunner(work).run()
    pipe.send((type(state).__name__, state.result))


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="the system stops no process")
def test_a_process_that_is_stopped_for_longer_than_its_lease_is_succeeded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another one takes over; the first one, when it goes on, leaves its value and lock alone."""
    monkeypatch.setitem(config.caching, "lock_lease", 0.5)
    spawning = multiprocessing.get_context("spawn")
    here, there = spawning.Pipe()
    process = spawning.Process(target=stopped, args=(str(tmp_path), there))
    process.start()
    assert process.pid is not None
    try:
        assert here.recv() == "computing"
        os.kill(process.pid, signal.SIGSTOP)

        @task(name="work", result=LocalResult(dir=str(tmp_path)), target="t", **ONCE)
        def work() -> str:
            assert process.pid is not None
            here.send("go on")
            os.kill(process.pid, signal.SIGCONT)
            return "theirs"

        state = TaskRunner(work).run()
        assert (type(state), state.result) == (Success, "theirs")
        assert here.recv() == ("Success", "theirs")
    finally:
        process.kill()
        process.join()
    assert LocalResult(dir=str(tmp_path)).read("t").value == "theirs"
    assert locks_in(tmp_path) == []
