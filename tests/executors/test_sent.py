"""What workers are sent: how large they think it is, and what they cannot make out."""

from __future__ import annotations

import sys
import types
from typing import Any

import pytest

from prefect_results import Flow, task
from prefect_results.configuration import config, set_temporary_config
from prefect_results.engine.batches import Batch
from prefect_results.engine.child_states import States
from prefect_results.engine.children import Items
from prefect_results.executors import LocalDaskExecutor
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
