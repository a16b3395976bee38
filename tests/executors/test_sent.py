"""What workers are sent: how large they think it is, and what they cannot make out."""

from __future__ import annotations

import os
import pickle
import sys
import types
from typing import Any

import pytest

from prefect_results import Flow, task
from prefect_results.configuration import config, set_temporary_config
from prefect_results.engine.batches import Batch
from prefect_results.engine.child_states import States
from prefect_results.engine.children import Items
from prefect_results.exceptions import DeserializationError
from prefect_results.executors import LocalDaskExecutor
from prefect_results.executors.dask.sealed import Returned
from prefect_results.executors.process import Pickled
from prefect_results.results import FSSpecResult, Result
from prefect_results.states import Mapped, State, Success

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

MEGABYTE = b"x" * 1_000_000
IN_MEMORY = FSSpecResult("memory://x", value=MEGABYTE, location="x")


def batch_of(*states: State) -> Batch:
    """A batch of states."""
    batch = Batch()
    for state in states:
        batch.add(state)
    return batch


def cached() -> State:
    """A state that has a large input."""
    state = Success()
    state.cached_inputs = {"x": Result(MEGABYTE)}
    return state


def sent(returned: Returned) -> Returned:
    """What arrives where it is sent, as a cluster sends it."""
    parts: list[pickle.PickleBuffer] = []
    data = pickle.dumps(returned, protocol=5, buffer_callback=parts.append)
    arrived: Returned = pickle.loads(data, buffers=[memoryview(part) for part in parts])
    return arrived


@pytest.mark.parametrize(
    "held",
    [
        Success(result=MEGABYTE),
        cached(),
        Mapped(map_states=[Success(result=MEGABYTE)]),
        batch_of(Success("Task run succeeded.", result=MEGABYTE)),
        batch_of(Success("an unusual one", result=MEGABYTE)),
        batch_of(Success("Task run succeeded.", IN_MEMORY)),
        States([batch_of(Success(result=MEGABYTE))]),
        Mapped(map_states=States([batch_of(Success(result=MEGABYTE))])),  # type: ignore[arg-type]
        Items([MEGABYTE]),
        Pickled(MEGABYTE),
        Returned(Success(result=MEGABYTE), "x"),
        sent(Returned(Success(result=MEGABYTE), "x")),
    ],
    ids=lambda held: type(held).__name__,
)
def test_dask_knows_how_large_things_are(held: Any) -> None:
    """A scheduler that believes a state to be small sends it around, and keeps too many."""
    sizeof = pytest.importorskip("dask.sizeof").sizeof
    assert 1_000_000 <= sizeof(held) <= 1_010_000


def test_a_batch_of_many_small_values_is_as_large_as_they_are() -> None:
    """It is estimated from some of them."""
    sizeof = pytest.importorskip("dask.sizeof").sizeof
    values = ["x" * 100 for _ in range(10_000)]
    batch = batch_of(*(Success("Task run succeeded.", result=value) for value in values))
    assert sizeof(values) <= 1.1 * sizeof(batch)
    assert sizeof(batch) <= 1.5 * sizeof(values)


@pytest.mark.parametrize("timeout", [None, 60])
def test_processes_have_the_configuration_of_the_run(timeout: int | None) -> None:
    """What was set in the process that runs the flow, also in one that a time limit makes."""

    @task(timeout=timeout)
    def settings() -> tuple[bool, str]:
        return config.debug, config.mine.name

    with Flow("settings") as flow:
        told = settings()
    kind = "threads" if timeout else "processes"
    with set_temporary_config({"debug": True, "mine.name": "x"}):
        state = flow.run(executor=LocalDaskExecutor(kind, num_workers=1))
    assert state is not None
    assert state.result[told].result == (True, "x")


def test_a_module_that_workers_do_not_have_fails_who_needs_it(remote: Any) -> None:
    """The task run fails and names the module; the others, and the workers, go on."""
    module = types.ModuleType("only_here")
    exec("class Thing:\n    pass", module.__dict__)
    sys.modules["only_here"] = module

    @task
    def use(x: Any) -> str:
        return type(x).__name__

    @task
    def fine() -> int:
        return 1

    try:
        with Flow("module") as flow:
            used, other = use(module.Thing()), fine()
        state = flow.run(executor=remote)
    finally:
        del sys.modules["only_here"]
    assert state.is_failed()
    assert "only_here" in str(state.result[used].message)
    assert other is not None


class Homely:
    """Can be unpickled in the process that made it, and nowhere else."""

    def __reduce__(self) -> Any:
        return at_home, (os.getpid(),)


def at_home(process: int) -> Homely:
    """The thing, at home."""
    if process != os.getpid():
        raise ValueError("far from home")
    return Homely()


def test_a_result_that_cannot_be_unpickled_names_itself(remote: Any) -> None:
    """Where it is needed; its siblings are as they were, and nobody waits for it."""

    @task
    def made(x: int) -> Any:
        return Homely() if x == 1 else x

    with Flow("homely") as flow:
        values = made.map([0, 1, 2])
    state = flow.run(executor=remote)
    assert state is not None
    children = state.result[values].map_states
    assert [child.is_successful() for child in children] == [True, False, True]
    assert isinstance(children[1].result, DeserializationError)
    assert "Task 'made'" in children[1].message and "far from home" in children[1].message


def test_a_result_is_unpickled_when_it_is_needed() -> None:
    """Who passes it on need not be able to; large buffers are not copied into the pickle."""
    passed_on = sent(sent(Returned(Homely(), "Task 'made'")))
    assert type(passed_on.value()) is Homely
    assert passed_on.value() is passed_on.value()
    array = pytest.importorskip("numpy").arange(1000)
    assert len(pickle.dumps(Returned(array, "x"), 5, buffer_callback=lambda part: None)) < 1000
    assert (sent(sent(Returned(array, "x"))).value() == array).all()
