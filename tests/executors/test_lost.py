"""Task runs that end what runs them, a process or a worker: who fails, and what comes behind."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import cloudpickle
import pytest

import prefect_results
from prefect_results import Flow, flatten, task, triggers, unmapped
from prefect_results.executors import LocalDaskExecutor
from prefect_results.executors.process import ProcessLost
from prefect_results.executors.spare import Alone
from prefect_results.states import Failed, Success, TriggerFailed

from .conftest import Gate, make_executor

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture(autouse=True)
def _by_value() -> Iterator[None]:
    """Workers cannot import the tests."""
    module = sys.modules[__name__]
    cloudpickle.register_pickle_by_value(module)
    yield
    cloudpickle.unregister_pickle_by_value(module)


@pytest.fixture(params=["processes", "dask"])
def remote(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Executors whose workers are other processes; a scheduler that blames at the first death."""
    executor = make_executor(request.param, request)
    if request.param == "processes":
        yield executor
        return
    import distributed

    def allow(dask_scheduler: Any, failures: int) -> int:
        before = int(dask_scheduler.allowed_failures)
        dask_scheduler.allowed_failures = failures
        return before

    with distributed.Client(executor.address, set_as_default=False) as client:
        before = client.run_on_scheduler(allow, failures=0)
        yield executor
        client.run_on_scheduler(allow, failures=before)


def die() -> None:
    """End this process."""
    os.kill(os.getpid(), signal.SIGKILL)


@task
def same(x: Any) -> Any:
    return x


@task(trigger=triggers.any_failed)
def mourns(x: Any) -> Any:
    return type(x).__name__


@task(trigger=triggers.all_finished)
def kinds(states: list[Any]) -> list[str]:
    return ["lost" if isinstance(x, Exception) else "here" for x in states]


@task(trigger=triggers.always_run)
def present(x: Any) -> bool:
    return not isinstance(x, Exception)


def types(state: Any) -> list[str]:
    """The kinds of a mapped task's children."""
    return [type(child).__name__ for child in state.map_states]


def test_what_is_behind_a_lost_task_meets_a_failure(remote: Any) -> None:
    """Triggers decide, as behind any task that failed; the flow run fails by its tasks."""

    @task
    def dies() -> None:
        die()

    with Flow("lost") as flow:
        lost = dies()
        after = same(lost)
        last, mourned, finished = same(after), mourns(lost), present(lost)
        mapped = same.map(lost)
    state = flow.run(executor=remote)
    assert state.is_failed()
    assert state.message == "Some reference tasks failed."
    found = state.result
    assert type(found[lost]) is Failed
    assert isinstance(found[lost].result, ProcessLost)
    assert str(found[lost].message).startswith("Task 'dies': ")
    assert "SIGKILL" in str(found[lost].message)
    assert type(found[after]) is type(found[last]) is TriggerFailed
    assert found[mourned].result == "ProcessLost"
    assert isinstance(found[finished], Success)
    assert found[finished].result is False
    assert found[mapped].is_failed()


def test_a_child_that_is_lost_fails_alone(remote: Any) -> None:
    """Neither its siblings in a batch nor their children fail, and a reduce meets what there is."""

    @task
    def some_die(x: int) -> list[int]:
        if x == 3:
            die()
        return [x, -x]

    with Flow("lost child") as flow:
        some = some_die.map(list(range(6)))
        each, reduced, strict = same.map(some), kinds(some), same(some)
        flat = same.map(flatten(some))
        mourned = mourns.map(some)
        both = same.map(unmapped(1), upstream_tasks=[some])
    state = flow.run(executor=remote)
    assert state.is_failed()
    found = state.result
    others = [x for x in range(6) if x != 3]
    assert types(found[some]) == ["Failed" if x == 3 else "Success" for x in range(6)]
    assert "Task 'some_die[3]': " in found[some].map_states[3].message
    assert [found[some].result[x] for x in others] == [[x, -x] for x in others]
    behind = ["TriggerFailed" if x == 3 else "Success" for x in range(6)]
    assert types(found[each]) == types(found[both]) == behind
    assert found[reduced].result == ["lost" if x == 3 else "here" for x in range(6)]
    assert type(found[strict]) is TriggerFailed
    values = [child.result for child in found[flat].map_states if child.is_successful()]
    assert values == [value for x in others for value in (x, -x)]
    assert types(found[flat]).count("TriggerFailed") == 1
    assert types(found[mourned]) == ["Success" if x == 3 else "TriggerFailed" for x in range(6)]


def test_who_is_near_one_that_ends_its_worker_does_not_fail(cluster: Any, remote: Any) -> None:
    """The scheduler blames whatever the worker had to do; all of it but the one succeeds."""

    @task
    def dies() -> None:
        die()

    @task
    def near(x: int) -> int:
        time.sleep(0.01)
        return x

    with Flow("near") as flow:
        lost = dies()
        alone = [near(x) for x in range(10)]
        mapped = near.map(list(range(30)))
        behind = same.map(mapped)
    found = flow.run(executor=remote).result
    assert found[lost].is_failed()
    assert [found[one].result for one in alone] == list(range(10))
    assert found[mapped].result == found[behind].result == list(range(30))


def test_handlers_hear_of_a_lost_task(remote: Any, gate: Any) -> None:
    """They are called as for any failure, where the task would have run."""
    heard: Gate = gate("heard")

    def hear(one: Any, old: Any, new: Any) -> None:
        if isinstance(new, Failed):
            heard.open()

    @task(state_handlers=[hear])
    def dies() -> None:
        die()

    with Flow("handled") as flow:
        dies()
    flow.run(executor=remote)
    assert heard.wait()


def test_with_raise_on_exception_a_lost_task_raises() -> None:
    """It is for who looks for the reason of a failure."""

    @task
    def dies() -> None:
        os._exit(3)

    with Flow("raises") as flow:
        dies()
    with (
        prefect_results.context(raise_on_exception=True),
        pytest.raises(ProcessLost, match="exit code 3"),
    ):
        flow.run(executor=LocalDaskExecutor("processes", num_workers=1))


def add_or_die(y: int, x: int) -> int:
    """A call that ends its process now and then."""
    if y == -1:
        die()
    return x + y


def test_a_call_that_is_made_alone_goes_on_after_its_process_died() -> None:
    """Each process gets the arguments that stay once; the next one follows."""
    alone = Alone(add_or_die, 1)
    assert alone(1) == 2
    with pytest.raises(ProcessLost):
        alone(-1)
    assert [alone(y) for y in range(3)] == [1, 2, 3]
    with pytest.raises(TypeError):
        alone("y")
    assert alone(4) == 5
    alone.close()
    alone.close()


def test_a_call_that_is_blamed_is_tried_again_so_often_in_all() -> None:
    """However often it, or what is behind it, is waited for; workers hear of it once."""
    pytest.importorskip("distributed")
    from distributed import KilledWorker

    from prefect_results.executors.dask.sealed import accused
    from prefect_results.executors.dask.suspects import Suspects

    class Future:
        status = "error"

        def __init__(self, key: str) -> None:
            self.key = key

        def exception(self) -> Exception:
            return KilledWorker("deadly", None, 3)

    class Client:
        futures: dict[str, Any] = {}
        id = "client"

        def __init__(self) -> None:
            self.retried: list[int] = []
            self.plugins: list[Any] = []
            self.scheduler = SimpleNamespace(retry=None)

        def sync(self, retry: Any, client: Any, keys: list[str]) -> None:
            self.retried.append(len(keys))

        def register_plugin(self, plugin: Any, name: str) -> None:
            self.plugins.append(plugin)

    client = Client()
    suspects = Suspects(client, "run", logging.getLogger("test"))
    futures = [Future("deadly"), Future("behind")]
    suspects.add(futures[:1], print)
    suspects.add(futures[1:])
    assert [suspects.retry() for _ in range(5)] == [True, True, True, False, False]
    assert client.retried == [2, 2, 2]
    (plugin,) = client.plugins
    plugin.setup(None)
    instead, error = accused["run"]["deadly"].value()
    assert instead is print
    assert error.task == "deadly"
    plugin.teardown(None)
    assert accused == {}
