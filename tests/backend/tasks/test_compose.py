"""Flows that run flows, with nothing started by hand: the local agent is a real process."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from typing import Any

import pytest

import prefect_results
from prefect_results import Flow, Parameter, context, task
from prefect_results.backend.agent import companion, execute_soon, stop_companion
from prefect_results.backend.store import RunStore
from prefect_results.backend.tasks import (
    CancelFlowRun,
    RenameFlowRun,
    StartFlowRun,
    create_flow_run,
    get_task_run_result,
    wait_for_flow_run,
)
from prefect_results.backend.views import FlowRunView
from prefect_results.exceptions import (
    ClientError,
    FlowNotFound,
    RunNotFinished,
    TaskRunNotFound,
    WaitTimedOut,
)
from prefect_results.signals import FAIL, SUCCESS
from prefect_results.states import State


@task
def create_some_data(length: int = 5) -> list[int]:
    """The task of the documentation's child flow."""
    return list(range(length))


@task
def told() -> Any:
    """What the run was told in its context."""
    return prefect_results.context.get("told")


@task
def breaks() -> None:
    """A failure."""
    raise RuntimeError("broken on purpose")


@task
def sleeps() -> None:
    """Something long."""
    import time

    time.sleep(60)


def child_flow(name: str = "child") -> Flow:
    """The child flow of the documentation, with a parameter and one more task."""
    with Flow(name) as flow:
        create_some_data(Parameter("length", default=5))
        told()
    return flow


def registered(flow: Flow) -> str:
    """Register a flow."""
    flow_id = flow.register("lab", no_url=True)
    assert flow_id is not None
    return flow_id


def run(flow: Flow, *tasks: Any) -> Any:
    """Run a flow in memory; return the results of tasks."""
    state = flow.run()
    assert isinstance(state, State)
    results = [state.result[one].result for one in tasks]
    return results[0] if len(results) == 1 else results


def test_documented_example(store: RunStore) -> None:
    """The parent and child flows of the documentation run as they are."""
    registered(child_flow())
    with Flow("parent") as parent_flow:
        child_run_id = create_flow_run(flow_name="child")
        child_data = get_task_run_result(child_run_id, "create_some_data-1")
    assert run(parent_flow, child_data) == [0, 1, 2, 3, 4]


def test_parameters_context_and_name(store: RunStore) -> None:
    """Parameters and context reach the run; its name is made of this run's and the flow's."""
    registered(child_flow("told"))
    with Flow("parent") as parent_flow:
        made = create_flow_run(flow_name="told", parameters={"length": 2}, context={"told": "x"})
        data = get_task_run_result(made, "create_some_data-1")
        words = get_task_run_result(made, "told-1")
    state = parent_flow.run(flow_run_name="big")
    assert state is not None
    found = [state.result[one].result for one in (data, words)]
    assert found == [[0, 1], "x"]
    assert FlowRunView.from_flow_run_id(state.result[made].result).name == "big-told"


def test_mapped(store: RunStore) -> None:
    """A mapped task creates one run for each map index."""
    registered(child_flow("mapped"))
    with Flow("parent") as parent_flow:
        parameters = [{"length": n} for n in range(4)]
        made = create_flow_run.map(flow_name=["mapped"] * 4, parameters=parameters)
        data = get_task_run_result.map(made, ["create_some_data-1"] * 4)
    ids, found = run(parent_flow, made, data)
    assert len(set(ids)) == 4
    assert found == [list(range(n)) for n in range(4)]


def test_runs_of_runs(store: RunStore) -> None:
    """A run that an agent executes may itself create runs and wait for them."""
    registered(child_flow("innermost"))
    with Flow("middle") as middle:
        get_task_run_result(create_flow_run(flow_name="innermost"), "create_some_data-1")
    registered(middle)
    with Flow("parent") as parent_flow:
        data = get_task_run_result(create_flow_run(flow_name="middle"), "get_task_run_result-1")
    assert run(parent_flow, data) == [0, 1, 2, 3, 4]


def test_waiting_for_a_run(store: RunStore) -> None:
    """States and log of the run are logged; the view of the finished run is returned."""
    flow_id = registered(child_flow("watched"))
    made = store.create_flow_run(flow_id, name="amber")
    lines: list[str] = []

    class Logger:
        """Keeps what is logged."""

        def log(self, level: int, message: str) -> None:
            """Keep it."""
            lines.append(message)

    with context(logger=Logger()):
        view = wait_for_flow_run.run(made.id, stream_logs=True)
    assert view.state.is_successful()
    assert "Flow 'amber': Entered state <Submitted>: Submitted for execution" in lines
    assert any("Task 'create_some_data'" in line for line in lines)
    with context(logger=Logger()), pytest.raises(SUCCESS) as info:
        wait_for_flow_run.run(made.id, raise_final_state=True)
    assert info.value.state.result == info.value.state.result


def test_child_that_fails(store: RunStore) -> None:
    """The result of a task that failed is its exception; the state can be made this task's own."""
    with Flow("failing") as flow:
        breaks()
    flow_id = registered(flow)
    made = store.create_flow_run(flow_id).id
    value = get_task_run_result.run(made, "breaks-1")
    assert isinstance(value, RuntimeError)
    with pytest.raises(FAIL, match="finished in state <Failed"):
        wait_for_flow_run.run(made, raise_final_state=True)


def test_child_whose_code_is_gone(store: RunStore) -> None:
    """A run whose flow cannot be loaded fails with the reason, in its state and its log."""
    flow_id = registered(child_flow("gone"))
    os.unlink(store.get_flow(flow_id).storage["flows"]["gone"])
    made = store.create_flow_run(flow_id).id
    view = wait_for_flow_run.run(made)
    assert view.state.is_failed()
    assert "FlowStorageError" in view.state.message
    assert any("cannot be read" in line.message for line in view.get_logs())


def test_unknown_flow_and_task(store: RunStore) -> None:
    """Names that do not exist are told with those that look like them."""
    registered(child_flow("spelled"))
    with pytest.raises(FlowNotFound, match="Did you mean 'spelled'"):
        create_flow_run.run(flow_name="speled")
    made = create_flow_run.run(flow_name="spelled")
    with pytest.raises(TaskRunNotFound, match="Did you mean 'create_some_data-1'"):
        get_task_run_result.run(made, "create_some_data")


def test_arguments() -> None:
    """What cannot be meant is refused, in the words of 1.4.1."""
    with pytest.raises(ValueError, match="Received both `flow_id` and `flow_name`"):
        create_flow_run.run(flow_id="a", flow_name="b")
    with pytest.raises(ValueError, match="Both `flow_id` and `flow_name` are null"):
        create_flow_run.run()
    with pytest.raises(ValueError, match="Required argument `task_slug` is empty"):
        get_task_run_result.run("a", "")
    with context(flow_run_id="a"), pytest.raises(ValueError, match="is the same as the currently"):
        get_task_run_result.run("a", "b-1")


def test_same_key_same_run(store: RunStore) -> None:
    """A retry of the task creates no other run; another map index does."""
    flow_id = registered(child_flow("once"))
    with context(task_run_id="t"):
        first = create_flow_run.run(flow_id=flow_id)
        assert create_flow_run.run(flow_id=flow_id) == first
    with context(task_run_id="t", map_index=0):
        assert create_flow_run.run(flow_id=flow_id) != first
    group = store.get_flow(flow_id).flow_group_id
    assert create_flow_run.run(flow_id=group, idempotency_key="t") == first


def test_required_parameter_that_is_missing(store: RunStore) -> None:
    """No run is created that could only fail."""
    with Flow("demanding") as flow:
        create_some_data(Parameter("depth"))
    flow_id = registered(flow)
    with pytest.raises(ClientError, match=r"were not supplied: depth \(flow 'demanding'\)"):
        create_flow_run.run(flow_id=flow_id, parameters={"other": 1})
    with pytest.raises(
        ClientError, match="Unexpected parameters were supplied: other; it takes de"
    ):
        create_flow_run.run(flow_id=flow_id, parameters={"depth": 1, "other": 1})
    assert not store.list_flow_runs(flow_id=flow_id).items


def test_scheduled_for_later(store: RunStore) -> None:
    """A run that should start later does so, and waiting for it has a limit."""
    flow_id = registered(child_flow("later"))
    soon = create_flow_run.run(flow_id=flow_id, scheduled_start_time=timedelta(seconds=1))
    assert get_task_run_result.run(soon, "create_some_data-1") == [0, 1, 2, 3, 4]
    made = create_flow_run.run(flow_id=flow_id, scheduled_start_time=timedelta(hours=1))
    with pytest.raises(WaitTimedOut, match="is not finished after 0:00:00; it is in state <Sched"):
        get_task_run_result.run(made, "create_some_data-1", max_duration=timedelta(0))


def test_agent_that_was_killed(store: RunStore) -> None:
    """An agent that is gone is replaced when a run is created, or waited for."""
    registered(child_flow("killed"))
    first = execute_soon(store.url, create_flow_run.run(flow_name="killed"))
    pid = first.pid
    os.kill(pid, signal.SIGKILL)
    first._process.wait()
    made = create_flow_run.run(flow_name="killed")
    assert get_task_run_result.run(made, "create_some_data-1") == [0, 1, 2, 3, 4]
    assert companion._companions[store.url].pid != pid


def test_agent_ends_when_it_is_let_go(store: RunStore) -> None:
    """The agent finishes what it was told, and ends."""
    registered(child_flow("last"))
    made = create_flow_run.run(flow_name="last")
    process = companion._companions[store.url]._process
    stop_companion()
    assert process.returncode == 0
    assert store.get_flow_run(made).state == "Success"


def test_cancelling(store: RunStore) -> None:
    """A run is cancelled while it runs; its process is ended."""
    with Flow("sleeping") as flow:
        sleeps()
    made = create_flow_run.run(flow_id=registered(flow))
    view = FlowRunView.from_flow_run_id(made)
    from time import sleep

    while not view.state.is_running():
        sleep(0.05)
        view = view.get_latest()
    assert CancelFlowRun(made).run() == "Cancelling"
    assert isinstance(wait_for_flow_run.run(made).state.message, str)
    assert store.get_flow_run(made).state == "Cancelled"
    with pytest.raises(ValueError, match="Can't cancel a flow run without flow run ID"):
        CancelFlowRun().run()


def test_renaming(store: RunStore) -> None:
    """A run is given another name."""
    made = store.create_flow_run(registered(child_flow("named"))).id
    assert RenameFlowRun(flow_run_id=made).run(flow_run_name="other") is True
    assert store.get_flow_run(made).name == "other"
    with context(flow_run_id=made), pytest.raises(ValueError, match="Must provide a flow name"):
        RenameFlowRun().run()
    with pytest.raises(ValueError, match="`flow_run_id` must be explicitly provided"):
        RenameFlowRun().run(flow_run_name="x")


class TestStartFlowRun:
    """The older task."""

    def test_newest_version(self, store: RunStore) -> None:
        """It runs the newest version of a flow of a project."""
        registered(child_flow("started"))
        newest = registered(child_flow("started"))
        made = StartFlowRun("started", "lab", parameters={"length": 1}, run_name="r").run()
        assert get_task_run_result.run(made, "create_some_data-1") == [0]
        found = store.get_flow_run(made)
        assert (found.flow_id, found.name) == (newest, "r")

    def test_waiting(self, store: RunStore, monkeypatch: Any) -> None:
        """With `wait` the task ends in the state of the run."""
        registered(child_flow("awaited"))
        from time import sleep

        from prefect_results.backend.tasks import start_flow_run

        monkeypatch.setattr(start_flow_run.time, "sleep", lambda seconds: sleep(0.1))
        with pytest.raises(SUCCESS, match="finished in state <Success"):
            StartFlowRun("awaited", "lab", wait=True).run()

    def test_arguments(self, store: RunStore) -> None:
        """What cannot be meant is refused, in the words of 1.4.1."""
        with pytest.raises(ValueError, match="name of a flow"):
            StartFlowRun().run()
        with pytest.raises(ValueError, match="name of a project"):
            StartFlowRun("x").run()
        with pytest.raises(ValueError, match="Flow 'x' not found"):
            StartFlowRun("x", "lab").run()
        with pytest.raises(ValueError, match="`poll_interval` needs to be at least 3 seconds"):
            StartFlowRun(poll_interval=timedelta(seconds=2))
        with pytest.raises(TypeError, match="made with a task among"):
            StartFlowRun(parameters={"x": Parameter("x")})
        assert StartFlowRun("x").name == "Flow x"


def test_unfinished_tasks_are_never_read(store: RunStore) -> None:
    """A view of a run that is not finished refuses to give a result."""
    made = store.create_flow_run(registered(child_flow("unfinished")), task_runs=True).id
    with pytest.raises(RunNotFinished):
        FlowRunView.from_flow_run_id(made).get_task_run("told-1").get_result()
