"""Several processes use one store at once."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import threading
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timezone
from pathlib import Path

import pytest

from prefect_results.backend.store import NewState, NewTaskRun, RunStore, open_store
from prefect_results.exceptions import StoreUnavailable
from prefect_results.testing.stores import serialized_flow

# Processes that share nothing with us, but import SQLAlchemy once for all of them.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["prefect_results.backend.store.sql", "alembic.command"])
RUNNING = {"type": "Running", "message": "r"}
SUCCESS = {"type": "Success", "message": "s"}


def begin(store: RunStore) -> tuple[str, str]:
    """Start a run of a flow; returns its id and that of a task."""
    project = store.ensure_project("polar")
    flow = store.register_flow(project.id, serialized_flow(), idempotency_key="1")
    [task_id] = [task.id for task in store.list_tasks(flow.id) if task.slug == "clean-1"]
    return store.create_flow_run(flow.id).id, task_id


def record(url: str) -> str:
    """Record 100 task runs in several batches, half of them in several steps."""
    store = open_store(url)
    run_id, task_id = begin(store)
    moment = datetime.now(timezone.utc)
    both = ((RUNNING, moment), (SUCCESS, moment))
    for start in range(0, 100, 20):
        rows = [NewTaskRun(task_id, i, states=both) for i in range(start, start + 10)]
        store.create_task_runs(run_id, rows)
        late = [NewTaskRun(task_id, i) for i in range(start + 10, start + 20)]
        made = store.create_task_runs(run_id, late)
        store.set_task_run_states([NewState(run.run_id, RUNNING, 0) for run in made])
        store.set_task_run_states([NewState(run.run_id, SUCCESS, 1) for run in made])
    store.close()
    return run_id


def test_many_processes_create_and_fill_a_store(empty_url: str) -> None:
    """Processes that start together create one store and lose no state."""
    with ProcessPoolExecutor(4, mp_context=PROCESSES) as pool:
        runs = list(pool.map(record, [empty_url] * 4))
    store = open_store(empty_url)
    assert len(store.list_flows()) == 1
    for run_id in runs:
        assert store.count_task_runs(run_id) == {"Success": 100}
        task_runs = store.list_task_runs(run_id, limit=100).items
        assert {run.version for run in task_runs} == {2}
        assert len(store.task_run_states(task_runs[-1].id)) == 2
    store.close()


def set_state(url: str, task_run_id: str, message: str) -> bool:
    """Set the first state of a task run; returns whether this process won."""
    state = NewState(task_run_id, {"type": "Running", "message": message}, 0)
    store = open_store(url)
    outcomes = store.set_task_run_states([state], on_conflict="skip")
    store.close()
    return outcomes[0].applied


def test_one_process_wins(store_url: str) -> None:
    """Of processes that expect the same version exactly one sets its state."""
    store = open_store(store_url)
    run_id, _ = begin(store)
    task_run = store.get_or_create_task_run(run_id, task_slug="sum-1")
    with ProcessPoolExecutor(2, mp_context=PROCESSES) as pool:
        jobs = [pool.submit(set_state, store_url, task_run.id, str(i)) for i in range(6)]
        won = [job.result() for job in jobs]
    assert sum(won) == 1
    assert store.get_task_run(task_run.id).state_message == str(won.index(True))
    store.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_store_survives_a_fork(store_url: str) -> None:
    """A forked child uses connections of its own, also while its parent is in a transaction."""
    store = open_store(store_url)
    store.set_key_value("parent", 1)
    child = os.fork()
    if child == 0:
        try:
            store.set_key_value("child", store.get_key_value("parent") + 1)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert store.get_key_value("child") == 2
    store.set_key_value("parent", 3)
    store.close()


def write_until_killed(url: str, run_id: str, task_id: str) -> None:
    """Write for ever, one transaction of task runs with their states after another."""
    store = open_store(url)
    moment = datetime.now(timezone.utc)
    for start in range(0, 10**9, 10):
        states = ((RUNNING, moment), (SUCCESS, moment))
        rows = [NewTaskRun(task_id, i, states=states) for i in range(start, start + 10)]
        with store.transaction():
            store.create_task_runs(run_id, rows)
            store.set_key_value("written", start + 10)


def test_killed_writer_leaves_whole_transactions(store_url: str) -> None:
    """After SIGKILL the store holds whole transactions, and others write on."""
    store = open_store(store_url)
    run_id, task_id = begin(store)
    writer = PROCESSES.Process(target=write_until_killed, args=(store_url, run_id, task_id))
    writer.start()
    waited = threading.Event()
    while store.count_task_runs(run_id).get("Success", 0) < 50:
        assert writer.is_alive()
        waited.wait(0.01)
    assert writer.pid is not None
    os.kill(writer.pid, signal.SIGKILL)
    writer.join()
    store.set_key_value("after", True)
    assert store.count_task_runs(run_id) == {"Success": store.get_key_value("written")}
    store.close()


def test_locked_store_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that waits in vain for another gets a typed error."""
    path = tmp_path / "store.db"
    open_store(path).close()
    monkeypatch.setattr("prefect_results.backend.store.sql.database.LOCK_TIMEOUT", 0.01)
    store = open_store(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="locked"):
        store.set_key_value("a", 1)
    assert store.list_keys() == []
    other.execute("ROLLBACK")
    other.close()
    store.set_key_value("a", 1)
    assert store.list_keys() == ["a"]
    store.close()
