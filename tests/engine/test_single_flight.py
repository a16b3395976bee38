"""Values that several runs want at once, and one computes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import prefect_results
from prefect_results import Flow, Parameter, context, task
from prefect_results.caching import IsolationLevel, all_inputs, never_use, partial_inputs_only
from prefect_results.caching.locks import StorageLockManager
from prefect_results.cli.kinds import HEAD, expiration_of
from prefect_results.configuration import config
from prefect_results.engine import TaskRunner, shared_cache
from prefect_results.exceptions import (
    ConfigurationError,
    LockTimedOut,
)
from prefect_results.executors import LocalDaskExecutor
from prefect_results.filesystems import FSSpecFileSystem, LocalFileSystem
from prefect_results.results import FSSpecResult, LocalResult
from prefect_results.signals import SUCCESS
from prefect_results.states import Cached, Failed, Retrying, Success
from tests.engine.flights import HOUR, ONCE, Gate, flow_of, locks_in, run_at_once


@pytest.fixture(autouse=True)
def checkpointing() -> Iterator[None]:
    """Results are written, and nothing is cached yet."""
    with context(checkpointing=True, caches={}):
        yield


def test_a_target_is_computed_once(tmp_path: Path) -> None:
    """Of runs that want a target one computes it; the others read it, and no lock is left."""
    gate = Gate()
    flow, value = flow_of(gate, result=LocalResult(dir=str(tmp_path)), target="{task_name}/{x}")
    states = run_at_once(flow, value, gate)
    assert gate.calls == [1]
    assert sorted(type(state).__name__ for state in states) == ["Cached"] * 3 + ["Success"]
    assert [state.result for state in states] == [1] * 4
    assert locks_in(tmp_path / "work") == []
    assert os.listdir(tmp_path / "work") == ["1"]


def test_mapped_children_with_one_target_compute_it_once(tmp_path: Path) -> None:
    """Children of a mapped task are runs like others, whatever executes them."""
    calls = []

    @task(result=LocalResult(dir=str(tmp_path)), target="{x}", **ONCE)
    def work(x: int) -> int:
        calls.append(x)
        return x

    with Flow("f") as flow:
        mapped = work.map([1, 2] * 8)
    state = flow.run(executor=LocalDaskExecutor(scheduler="threads", num_workers=4))
    assert state.result[mapped].result == [1, 2] * 8
    assert sorted(calls) == [1, 2]


def test_other_storage_holds_its_locks_too() -> None:
    """The locks lie on the storage of the result, whichever it is."""
    gate = Gate()
    url = f"memory://single-flight-{os.getpid()}"
    flow, value = flow_of(gate, result=FSSpecResult(url), target="a/{x}")
    states = run_at_once(flow, value, gate)
    assert gate.calls == [1]
    assert [state.result for state in states] == [1] * 4
    assert [info.location for info in FSSpecFileSystem(url).list()] == ["a/1"]


@pytest.mark.parametrize("shared", [True, False])
def test_a_cached_value_is_computed_once(tmp_path: Path, shared: bool) -> None:
    """Of runs that want the value of a cache one computes it, written or not."""
    gate = Gate()
    flow, value = flow_of(
        gate, result=LocalResult(dir=str(tmp_path)), cache_for=HOUR, checkpoint=shared
    )
    states = run_at_once(flow, value, gate)
    assert gate.calls == [1]
    assert [type(state) for state in states] == [Cached] * 4
    assert [state.result for state in states] == [1] * 4
    assert locks_in(tmp_path) == []


def test_a_cached_value_is_found_by_another_process(tmp_path: Path) -> None:
    """What is cached lies on the result's storage; it is found where no context has it."""
    gate = Gate()
    gate.is_open.set()
    flow, value = flow_of(
        gate, result=LocalResult(dir=str(tmp_path)), cache_for=HOUR, cache_validator=all_inputs
    )
    for x in (1, 2, 1):
        with context(caches={}):
            state = flow.run(x=x).result[value]
        assert (type(state), state.result) == (Cached, x)
    assert gate.calls == [1, 2]
    kept = sorted(tmp_path.glob(".prefect-cache-*"))
    assert len(kept) == 2
    for damage in (b"damaged", b"[]", b"{}", b'{"state": {"type": "Success"}}'):
        gate.calls.clear()
        for path in kept:
            path.write_bytes(damage)
        with context(caches={}):
            assert flow.run(x=1).result[value].result == 1
        assert gate.calls == [1]


def test_a_shared_cached_state_says_when_it_expires(tmp_path: Path) -> None:
    """What is shared can be purged when it has expired."""
    gate = Gate()
    gate.is_open.set()
    flow, value = flow_of(gate, result=LocalResult(dir=str(tmp_path)), cache_for=HOUR)
    state = flow.run().result[value]
    (path,) = tmp_path.glob(".prefect-cache-*")
    assert expiration_of(path.read_bytes()[:HEAD]) == state.cached_result_expiration


def test_values_without_storage_are_shared_in_the_home_folder(home_dir: Path) -> None:
    """A value that travels in its state is cached for all processes of one machine."""
    gate = Gate()
    gate.is_open.set()
    flow, value = flow_of(gate, cache_for=HOUR)
    first = flow.run().result[value]
    assert type(first) is Cached
    with context(caches={}):
        assert flow.run().result[value].result == 1
    assert gate.calls == [1]
    assert len(os.listdir(home_dir / "caches")) == 1


def test_runs_that_no_other_value_serves_do_not_wait(tmp_path: Path) -> None:
    """What a validator looks at tells runs apart: other inputs, another lock."""
    options = {"result": LocalResult(dir=str(tmp_path)), "cache_for": HOUR}
    keys = set()
    for validator in (all_inputs, partial_inputs_only(["x"]), partial_inputs_only()):
        worker = task(lambda x, y: x, name="w", cache_validator=validator, **options)
        for x, y in ((1, 1), (1, 2), (2, 2)):
            keys.add((validator, shared_cache.key_of(worker, {"x": x, "y": y}, {})))
    assert len(keys) == 3 + 2 + 1
    never = task(lambda x: x, name="w", cache_validator=never_use, **options)
    assert shared_cache.key_of(never, {"x": 1}, {}) is None


def test_the_next_one_computes_what_failed(tmp_path: Path) -> None:
    """A run that fails gives its lock back, and the next one that waits computes."""
    gate = Gate()
    seen: list[int] = []

    @task(name="work", result=LocalResult(dir=str(tmp_path)), target="t", **ONCE)
    def work() -> int:
        seen.append(1)
        gate.is_open.wait(60)
        if len(seen) == 1:
            raise ValueError("the first one fails")
        return 5

    with Flow("f") as flow:
        value = work()
    states = run_at_once(flow, value, gate, 3)
    assert len(seen) == 2
    assert sorted(type(state).__name__ for state in states) == ["Cached", "Failed", "Success"]
    assert locks_in(tmp_path) == []


def test_a_run_that_waits_for_its_retry_holds_no_lock(tmp_path: Path) -> None:
    """While a run waits for its retry another one may compute the value."""
    calls = []

    @task(
        result=LocalResult(dir=str(tmp_path)), target="t", max_retries=1, retry_delay=HOUR, **ONCE
    )
    def work() -> int:
        calls.append(1)
        if len(calls) == 1:
            raise ValueError("try again")
        return 5

    state = TaskRunner(work).run()
    assert type(state) is Retrying
    assert os.listdir(tmp_path) == []
    assert type(TaskRunner(work).run()) is Success
    again = TaskRunner(work).run(state=Retrying(run_count=1, start_time=None))
    assert (type(again), again.result, len(calls)) == (Cached, 5, 2)


def test_whatever_ends_a_run_gives_its_lock_back(tmp_path: Path) -> None:
    """An interrupt, a signal and a loop's next turn leave no lock."""

    @task(result=LocalResult(dir=str(tmp_path)), target="{what}", **ONCE)
    def work(what: str) -> int:
        assert locks_in(tmp_path) != []
        raise KeyboardInterrupt if what == "interrupt" else SUCCESS(result=7)

    with Flow("f") as flow:
        value = work(Parameter("what"))
    with pytest.raises(KeyboardInterrupt):
        flow.run(what="interrupt")
    assert os.listdir(tmp_path) == []
    assert flow.run(what="signal").result[value].result == 7
    assert os.listdir(tmp_path) == ["signal"]


def test_waiting_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run whose time is up fails, and says for what it waited and what can be set."""
    monkeypatch.setitem(config.caching, "lock_acquire_timeout", 0.01)
    manager = StorageLockManager(LocalFileSystem(tmp_path))
    manager.acquire_lock("t", "somebody")
    worker = task(lambda: 1, name="w", result=LocalResult(dir=str(tmp_path)), target="t", **ONCE)
    state = TaskRunner(worker).run()
    assert type(state) is Failed
    assert isinstance(state.result, LockTimedOut)
    assert "lock_acquire_timeout" in str(state.result)
    manager.release_lock("t", "somebody")
    assert TaskRunner(worker).run().is_successful()


def test_storage_that_cannot_lock_says_so(tmp_path: Path) -> None:
    """Where there is no conditional put the run fails, rather than computing twice."""
    worker = task(lambda: 1, name="w", result=FSSpecResult("ftp://127.0.0.1/x"), **ONCE)
    with pytest.raises(ConfigurationError, match="cannot store an object only if there is none"):
        shared_cache.lock_of(worker.result, "t", 30.0)


class TestSwitch:
    """Who is computed once, and who is not."""

    def locked(self, tmp_path: Path, **options: Any) -> bool:
        """Whether a run of a task takes a lock."""
        seen: list[bool] = []

        def work() -> int:
            seen.append(locks_in(tmp_path) != [])
            return 1

        target = {"result": LocalResult(dir=str(tmp_path)), "target": "t", **options}
        with Flow("f") as flow:
            task(work, name="w", **target)()
        assert flow.run().is_successful()
        return seen == [True]

    def test_off_by_default(self, tmp_path: Path) -> None:
        """Without a word nothing is locked."""
        assert self.locked(tmp_path) is False

    def test_by_configuration(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The configuration is for all tasks; one that says so itself is exempt."""
        monkeypatch.setitem(config.caching, "isolation_level", "serializable")
        assert self.locked(tmp_path) is True
        (tmp_path / "t").unlink()
        level = IsolationLevel.READ_COMMITTED
        assert self.locked(tmp_path, cache_isolation_level=level) is False

    def test_by_context(self, tmp_path: Path) -> None:
        """The context of a flow run is for its tasks."""
        with context(cache_isolation_level="serializable"):
            assert self.locked(tmp_path) is True

    def test_what_is_not_written_is_not_locked(self, tmp_path: Path) -> None:
        """A target that nothing is written to keeps nobody waiting."""
        assert self.locked(tmp_path, checkpoint=False, **ONCE) is False
        with context(checkpointing=False):
            assert self.locked(tmp_path, **ONCE) is False

    def test_copies_keep_the_level(self) -> None:
        """A copy of a task, and one that is called, has its level."""
        worker = task(lambda: 1, name="w", **ONCE)
        assert worker.copy().cache_isolation_level is IsolationLevel.SERIALIZABLE
        assert prefect_results.Task().cache_isolation_level is None
        with pytest.raises(ConfigurationError):
            prefect_results.Task(cache_isolation_level="snapshot")
