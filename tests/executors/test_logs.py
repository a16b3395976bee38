"""The log of tasks that run in other threads and processes is in the recorded run."""

from __future__ import annotations

import os
import pickle
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from distributed import Client

import prefect_results
from prefect_results import Flow, task
from prefect_results.backend.recording.session import begin
from prefect_results.backend.store import open_store
from prefect_results.engine.listening import LISTENER
from prefect_results.executors import DaskExecutor, LocalDaskExecutor


def lines(url: str, run_id: str) -> list[tuple[str, str]]:
    """What the tasks themselves logged: each message with the index in its task run's id."""
    store = open_store(url)
    found = [
        (line.message, store.get_task_run(line.task_run_id))
        for line in store.list_logs(run_id).items
        if line.task_run_id is not None and line.name != "prefect_results.TaskRunner"
    ]
    store.close()
    return [(message, f"{run.task_slug} {run.map_index}") for message, run in found]


def logging_flow() -> Flow:
    """A flow whose tasks log two lines each."""

    @task
    def numbers() -> list[int]:
        prefect_results.context.logger.info("plain")
        return [0, 1, 2, 3, 4]

    @task
    def double(x: int) -> int:
        prefect_results.context.logger.info("first of %d", x)
        prefect_results.context.logger.warning("second of %d", x)
        return 2 * x

    with Flow("logging") as flow:
        double.map(numbers())
    return flow


def check(executor: Any, url: str) -> None:
    """Run the flow recorded, and look at its log."""
    with prefect_results.configuration.set_temporary_config({"store.url": url}):
        state = logging_flow().run(executor=executor, record=True)
    assert state.is_successful()
    found = lines(url, state.context["flow_run_id"])
    assert found[0] == ("plain", "numbers-1 -1")
    assert sorted(found[1:]) == sorted(
        (f"{word} of {index}", f"double-1 {index}")
        for index in range(5)
        for word in ("first", "second")
    )
    for index in range(5):
        first = found.index((f"first of {index}", f"double-1 {index}"))
        assert first < found.index((f"second of {index}", f"double-1 {index}"))


def test_lines_of_tasks_are_recorded_with_their_task_runs(executor: Any, tmp_path: Path) -> None:
    """Each line once, in order, wherever the task ran; also of a second run in the same workers."""
    url = f"sqlite:///{tmp_path / 'runs.db'}"
    check(executor, url)
    check(executor, url)


def test_recorders_leave_the_workers_when_their_run_is_over(cluster: Any, tmp_path: Path) -> None:
    """Neither a thread nor a handler of the log stays in a worker that outlives the run."""

    def left() -> list[str]:
        import threading
        import time

        from prefect_results.logging import get_logger

        patience = time.monotonic() + 30
        while True:
            handlers = [type(one).__name__ for one in get_logger().handlers]
            found = [name for name in handlers if name == "RecordingHandler"]
            found += [one.name for one in threading.enumerate() if one.name == "run-recorder"]
            if not found or time.monotonic() > patience:
                return found
            time.sleep(0.05)

    check(DaskExecutor(address=cluster.scheduler_address), f"sqlite:///{tmp_path / 'runs.db'}")
    with Client(cluster) as client:
        assert set(map(tuple, client.run(left).values())) == {()}


def test_a_recorder_that_arrives_twice_is_closed_once(tmp_path: Path) -> None:
    """It writes as long as one of the copies is there."""
    with prefect_results.configuration.set_temporary_config(
        {"store.url": f"sqlite:///{tmp_path / 'runs.db'}"}
    ):
        session = begin(logging_flow(), parameters={})
    sent = pickle.dumps(session.context[LISTENER])
    first, second = pickle.loads(sent), pickle.loads(pickle.dumps(pickle.loads(sent)))
    assert first is second
    thread = first.recorder._writer._thread
    del first
    second.flush()
    assert thread.is_alive()
    del second
    thread.join(30)
    assert not thread.is_alive()


def test_a_flow_inside_a_task_is_no_part_of_the_recorded_run(tmp_path: Path) -> None:
    """The recorder of the outer run does not know the tasks of the inner one."""

    @task
    def inside(x: int) -> int:
        return 2 * x

    @task
    def outside() -> list[int]:
        with Flow("inner") as inner:
            found = inside.map([1, 2])
        values: list[int] = inner.run().result[found].result
        return values

    with Flow("outer") as outer:
        done = outside()
    url = f"sqlite:///{tmp_path / 'runs.db'}"
    with prefect_results.configuration.set_temporary_config({"store.url": url}):
        state = outer.run(record=True)
    assert state.result[done].result == [2, 4]


def test_a_task_that_cannot_be_sent_is_recorded_under_its_name(tmp_path: Path) -> None:
    """What stands for it has its place in the flow, so its states and its log have too."""
    held = threading.Lock()

    @task
    def holds(x: int) -> bool:
        return held.locked()

    with Flow("unsendable") as flow:
        found = holds.map([1, 2])
    with prefect_results.configuration.set_temporary_config(
        {"store.url": f"sqlite:///{tmp_path / 'runs.db'}"}
    ):
        state = flow.run(executor=LocalDaskExecutor("processes", num_workers=1), record=True)
    for child in state.result[found].map_states:
        assert "cannot be sent" in child.message


def test_workers_in_the_same_process_record_lines_once(tmp_path: Path) -> None:
    """Dask workers that are threads of this process share its recorder."""
    pytest.importorskip("distributed")
    executor = DaskExecutor(
        cluster_kwargs={
            "n_workers": 1,
            "threads_per_worker": 2,
            "processes": False,
            "dashboard_address": ":0",
        }
    )
    check(executor, f"sqlite:///{tmp_path / 'runs.db'}")


def test_a_task_whose_worker_dies_is_recorded_on_its_next_try(tmp_path: Path) -> None:
    """States and lines of the try that was lost are there, and those of the next one."""
    begun = tmp_path / "begun"

    @task
    def dies_once() -> str:
        first = not begun.exists()
        prefect_results.context.logger.warning("first" if first else "second")
        if first:
            begun.touch()
            # The line and the state are committed within 50 ms.
            store = open_store(url)
            while not any(line.message == "first" for line in store.list_logs(run_id()).items):
                time.sleep(0.01)
            os.kill(os.getpid(), signal.SIGKILL)
        return "done"

    def run_id() -> str:
        return str(prefect_results.context.flow_run_id)

    url = f"sqlite:///{tmp_path / 'runs.db'}"
    with Flow("dies once") as flow:
        told = dies_once()
    executor = LocalDaskExecutor("processes", num_workers=1)
    state = flow.run(executor=executor, record=True, store=url)
    assert state is not None
    assert state.result[told].result == "done"
    store = open_store(url)
    (run,) = store.list_flow_runs().items
    (row,) = store.list_task_runs(run.id).items
    assert [s.state for s in store.task_run_states(row.id)] == ["Running", "Running", "Success"]
    lines = [line.message for line in store.list_logs(run.id).items if line.level == "WARNING"]
    assert [line for line in lines if line in ("first", "second")] == ["first", "second"]
    store.close()
