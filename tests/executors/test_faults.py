"""What is lost, named and stopped when workers, tasks or whole runs come to grief."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import cloudpickle
import pytest

import prefect_results
from prefect_results import Flow, task, unmapped
from prefect_results import context as CONTEXT
from prefect_results.engine.environment import RunEnvironment
from prefect_results.exceptions import SerializationError
from prefect_results.executors import LocalDaskExecutor
from prefect_results.results import LocalResult
from prefect_results.states import TimedOut, TriggerFailed

from . import conftest

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture(autouse=True)
def _by_value() -> Any:
    """Workers cannot import the tests."""
    module = sys.modules[__name__]
    cloudpickle.register_pickle_by_value(module)
    yield
    cloudpickle.unregister_pickle_by_value(module)


def once(path: Path) -> bool:
    """Whether this is the first call with a path."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True


def note(path: Path, text: str) -> None:
    """Add a line to a file, at once."""
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, f"{text}\n".encode())
    os.close(handle)


@pytest.mark.parametrize("deadly", [(30,), (10, 25, 40, 55)])
def test_a_lost_worker_costs_what_was_not_written(
    remote: Any, tmp_path: Path, deadly: tuple[int, ...]
) -> None:
    """Children whose results were written before their worker was killed do not run again."""
    log, killed = tmp_path / "log", tmp_path / "killed"

    @task(result=LocalResult(dir=str(tmp_path / "results"), location="{map_index}"))
    def work(x: int) -> int:
        note(log, str(x))
        if x in deadly and once(killed.with_suffix(f".{x}")):
            os.kill(os.getpid(), signal.SIGKILL)
        return x * 2

    with Flow("killed") as flow:
        worked = work.map(list(range(60)))
    with prefect_results.context(checkpointing=True):
        state = flow.run(executor=remote)
    assert state.is_successful()
    assert state.result[worked].result == [2 * x for x in range(60)]
    runs = [int(line) for line in log.read_text().split()]
    assert sorted(set(runs)) == list(range(60))
    # Beside the child that died, the other thread of its worker may have been amid one.
    again = {x for x in runs if runs.count(x) > 1}
    assert again.issuperset(deadly)
    assert len(runs) - 60 <= 2 * len(deadly)


def test_a_lost_worker_costs_a_task_that_was_not_written(remote: Any, tmp_path: Path) -> None:
    """What was in the memory of a worker is computed again."""
    killed = tmp_path / "killed"

    @task
    def dies() -> int:
        if once(killed):
            os.kill(os.getpid(), signal.SIGKILL)
        return 7

    with Flow("memory") as flow:
        flow.add_task(dies)
    state = flow.run(executor=remote)
    assert state.result[dies].result == 7


def test_a_task_that_exits_ends_the_run_and_no_worker(remote: Any) -> None:
    """`sys.exit` in a task is that of the run, as in one process; nothing is tried again."""

    @task
    def leaves() -> None:
        sys.exit(3)

    with Flow("leaves") as flow:
        flow.add_task(leaves)
    with pytest.raises(SystemExit) as caught:
        flow.run(executor=remote)
    assert caught.value.code == 3


def test_a_task_that_cannot_be_pickled_names_itself(remote: Any) -> None:
    """It fails, alone; what comes behind it is triggered as behind any failure."""

    @task
    def fine() -> int:
        return 1

    @task
    def behind(x: Any) -> Any:
        return x

    @task(trigger=prefect_results.triggers.any_failed)
    def mourns(x: Any) -> str:
        return type(x).__name__

    holder = task(lambda: 1, name="holder")
    holder.lock = threading.Lock()
    with Flow("unpicklable") as flow:
        flow.add_task(fine)
        after, mourned = behind(holder), mourns(holder)
    state = flow.run(executor=remote)
    assert state.is_failed()
    assert state.result[fine].result == 1
    assert state.result[holder].is_failed()
    assert "Task 'holder': it cannot be sent to a worker" in str(state.result[holder].message)
    assert isinstance(state.result[holder].result, SerializationError)
    assert isinstance(state.result[after], TriggerFailed)
    assert state.result[mourned].result == "SerializationError"


def test_a_mapped_task_that_cannot_be_pickled_names_each_child(remote: Any) -> None:
    """Its children fail one by one."""
    holder = task(lambda x: x, name="holder")
    holder.lock = threading.Lock()
    with Flow("unpicklable") as flow:
        held = holder.map([1, 2])
    state = flow.run(executor=remote)
    messages = [str(child.message) for child in state.result[held].map_states]
    assert len(messages) == 2
    assert all(f"Task 'holder[{at}]': it cannot" in text for at, text in enumerate(messages))


def test_a_result_that_cannot_be_pickled_names_itself(remote: Any) -> None:
    """The task run fails, and says so; the others do not."""

    @task
    def lock(x: int) -> Any:
        return threading.Lock() if x == 1 else x

    with Flow("unpicklable") as flow:
        locks = lock.map([0, 1, 2])
        single = lock(1)
    state = flow.run(executor=remote)
    children = state.result[locks].map_states
    assert [type(child).__name__ for child in children] == ["Success", "Failed", "Success"]
    assert "Task 'lock[1]': Its result, a lock, cannot be sent" in children[1].message
    assert "Task 'lock': Its result, a lock, cannot be sent" in state.result[single].message
    assert isinstance(children[1].result, TypeError)


def test_an_input_that_cannot_be_pickled_names_itself(remote: Any) -> None:
    """The error says which task was to get it, and by what name; others run."""

    @task
    def use(lock: Any) -> str:
        return str(lock)

    @task
    def fine() -> int:
        return 1

    with Flow("unpicklable") as flow:
        used, other = use(threading.Lock()), fine()
    state = flow.run(executor=remote)
    assert state.is_failed()
    assert state.result[other].result == 1
    expected = "Task 'use': the input 'lock', a lock, cannot be sent"
    assert expected in str(state.result[used].message)


def test_a_parameter_that_cannot_be_pickled_fails_who_uses_it(remote: Any) -> None:
    """A value that is first seen when the flow runs is named as well."""

    @task
    def use(lock: Any) -> str:
        return str(lock)

    @task
    def behind(x: Any) -> Any:
        return x

    with Flow("unpicklable") as flow:
        lock, x = prefect_results.Parameter("lock"), prefect_results.Parameter("x")
        used, other = use(lock), behind(x)
    state = flow.run(executor=remote, lock=threading.Lock(), x=1)
    assert "Task 'lock': the input 'lock', a lock, cannot be" in str(state.result[lock].message)
    assert isinstance(state.result[used], TriggerFailed)
    assert state.result[other].result == 1


@pytest.mark.parametrize("size", [3, 60])
def test_mapped_items_that_cannot_be_pickled_fail_their_children(remote: Any, size: int) -> None:
    """Each such child names itself; the others run, and so does what comes behind each."""

    @task
    def kind(x: Any, y: int) -> str:
        return type(x).__name__

    @task
    def behind(x: str) -> str:
        return x

    with Flow("unpicklable") as flow:
        kinds = kind.map([threading.Lock() if x % 3 == 1 else x for x in range(size)], unmapped(1))
        after = behind.map(kinds)
    state = flow.run(executor=remote)
    children = state.result[kinds].map_states
    assert [child.is_failed() for child in children] == [x % 3 == 1 for x in range(size)]
    assert "Task 'kind[1]': the input 'x', a lock, cannot be sent" in str(children[1].message)
    assert isinstance(children[1].result, SerializationError)
    assert {child.result for child in children if child.is_successful()} == {"int"}
    last = state.result[after].map_states
    assert [isinstance(child, TriggerFailed) for child in last] == [x % 3 == 1 for x in range(size)]


def test_tasks_of_a_script_may_refer_to_the_context(remote: Any) -> None:
    """`from prefect_results import context` is the context of the run, where the task runs."""

    @task
    def name() -> Any:
        return CONTEXT.task_name, CONTEXT.map_index

    with Flow("script") as flow:
        names = name.map(upstream_tasks=[[1, 2]])
    state = flow.run(executor=remote)
    assert state.result[names].result == [("name", 0), ("name", 1)]


def test_a_worker_that_gets_the_run_from_another_one_can_use_it() -> None:
    """Workers of Dask pass on what they have with a pickler that refuses the context."""
    protocol = pytest.importorskip("distributed.protocol.pickle")
    environment = RunEnvironment({}, {"get": lambda: CONTEXT}, None, None, None)
    received = protocol.loads(protocol.dumps(environment))
    assert received.context["get"]() is CONTEXT


def test_what_all_children_get_and_cannot_be_pickled_fails_them(remote: Any) -> None:
    """Each child names itself and the input."""

    @task
    def kind(x: int, lock: Any) -> str:
        return type(lock).__name__

    with Flow("unpicklable") as flow:
        kinds = kind.map([1, 2], unmapped(threading.Lock()))
    children = flow.run(executor=remote).result[kinds].map_states
    messages = [str(child.message) for child in children]
    assert len(messages) == 2
    for at, text in enumerate(messages):
        assert f"Task 'kind[{at}]': the input 'lock', a lock, cannot be sent" in text


def test_exceptions_that_cannot_be_pickled_arrive_as_text(remote: Any) -> None:
    """An exception that no other process can make is described."""

    class TwoWords(Exception):
        def __init__(self, one: str, two: str) -> None:
            super().__init__(one)

    @task
    def bad() -> None:
        raise TwoWords("a", "b")

    with Flow("exceptions") as flow:
        flow.add_task(bad)
    state = flow.run(executor=remote)
    assert state.result[bad].is_failed()
    assert "TwoWords" in str(state.result[bad].message)


def test_a_task_that_takes_too_long_is_stopped(parallel: Any, tmp_path: Path) -> None:
    """What runs longer than its timeout does not go on in the background."""
    ended = tmp_path / "ended"

    @task(timeout=1)
    def slow() -> None:
        import time

        time.sleep(3)
        ended.touch()

    @task(trigger=prefect_results.triggers.all_finished)
    def later(x: Any) -> bool:
        import time

        time.sleep(4)
        return ended.exists()

    with Flow("timeouts") as flow:
        went_on = later(slow())
    state = flow.run(executor=parallel)
    assert isinstance(state.result[flow.get_tasks(name="slow")[0]], TimedOut)
    assert state.result[went_on].result is False


def test_an_interrupted_flow_says_so_and_stops(parallel: Any) -> None:
    """Ctrl-C cancels what waits; the exception reaches the caller, as in 1.4.1."""

    @task
    def interrupts() -> int:
        return 1

    def press(flow: Any, old: Any, new: Any) -> None:
        heard.append(type(new).__name__)

    heard: list[str] = []

    class Pressed(type(parallel)):  # type: ignore[misc]
        def submit(self, *args: Any, **kwargs: Any) -> Any:
            super().submit(*args, **kwargs)
            raise KeyboardInterrupt

    with Flow("interrupted", state_handlers=[press]) as flow:
        flow.add_task(interrupts)
    parallel.__class__ = Pressed
    with pytest.raises(KeyboardInterrupt):
        flow.run(executor=parallel)
    assert heard[-1] == "Cancelled"


def test_children_of_the_pool_end_with_it() -> None:
    """No process outlives the run."""
    executor = LocalDaskExecutor("processes", num_workers=2)
    with executor.start():
        pids = executor.wait([executor.submit(os.getpid) for _ in range(4)])
    for pid in set(pids):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_the_gate_is_a_pipe(gate: Any) -> None:
    """The tests' own means: what is opened before it is waited for counts."""
    made: conftest.Gate = gate("one")
    made.open()
    assert made.wait()
