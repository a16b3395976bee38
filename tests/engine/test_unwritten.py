"""Values that were not checkpointed, and are written when their state is dumped."""

from __future__ import annotations

import pickle

import pytest
from marshmallow import ValidationError

from prefect_results import Flow, Parameter, State, context, task
from prefect_results.engine import TaskRunner
from prefect_results.executors import LocalDaskExecutor
from prefect_results.results import LocalResult


@task
def numbers(count):
    return list(range(count))


def flow_of(folder, location, **kwargs):
    @task(result=LocalResult(str(folder), location=location))
    def inc(x):
        return x + 1

    with Flow("f", **kwargs) as flow:
        flow.mapped = inc.map(numbers(Parameter("count", default=3)))
    return flow


class LongWay(TaskRunner):
    """A task runner of its own type never takes the short way."""


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("scheduler", [None, "sync", "threads", "processes"])
def test_a_dump_writes_where_the_template_says(tmp_path, scheduler):
    """The run is over, but what the template names is what it knew; twice is the same place."""
    executor = scheduler and LocalDaskExecutor(scheduler=scheduler, num_workers=2)
    flow = flow_of(tmp_path, "{flow_name}/{task_name}-{map_index}-{x}-{count}.pkl")
    state = flow.run(executor=executor)
    children = state.result[flow.mapped].map_states
    assert [child._result.location for child in children] == [None] * 3
    assert files(tmp_path) == []
    sent = [child.serialize() for child in children] + [children[0].serialize()]
    assert files(tmp_path) == [f"f/inc-{index}-{index}-3.pkl" for index in range(3)]
    assert [State.deserialize(blob).load_result().result for blob in sent] == [1, 2, 3, 1]


@pytest.mark.parametrize("scheduler", [None, "threads", "processes"])
@pytest.mark.parametrize("target", [False, True])
def test_a_dump_writes_where_a_callable_said(tmp_path, scheduler, target):
    """A location that is computed is known after the run too, braces and all."""
    # What a callable target returns is filled as a template, as in Prefect 1.4.1.
    name = "{}-{}-x" if target else "{}-{}-{{x}}"

    def place(**values):
        return name.format(values["task_name"], values["map_index"])

    executor = scheduler and LocalDaskExecutor(scheduler=scheduler, num_workers=2)
    given = {"result": LocalResult(str(tmp_path), location=None if target else place)}

    @task(target=place if target else None, **given)
    def inc(x):
        return x + 1

    with Flow("f", executor=executor) as flow:
        mapped = inc.map(numbers(2))
    state = flow.run()
    assert files(tmp_path) == []
    sent = [child.serialize() for child in state.result[mapped].map_states]
    assert files(tmp_path) == [name.format("inc", index) for index in range(2)]
    assert [State.deserialize(blob).load_result().result for blob in sent] == [1, 2]


def test_a_callable_that_raises_does_not_fail_a_run_that_writes_nothing(tmp_path):
    """Whoever dumps the state is told."""

    def place(**values):
        raise RuntimeError("nowhere")

    flow = flow_of(tmp_path, place)
    state = flow.run()
    assert state.is_successful()
    with pytest.raises(ValidationError, match="nowhere"):
        state.result[flow.mapped].map_states[0].serialize()


def test_the_long_way_plans_too(tmp_path):
    """Whichever way a task run took, its value has the same place."""
    from prefect_results.engine import FlowRunner

    flow = flow_of(tmp_path, "{task_name}-{map_index}.pkl")
    runner = FlowRunner(flow, task_runner_cls=LongWay)
    state = runner.run(return_tasks=[flow.mapped])
    for child in state.result[flow.mapped].map_states:
        pickle.loads(pickle.dumps(child)).serialize()
    assert files(tmp_path) == [f"inc-{index}.pkl" for index in range(3)]


def test_what_the_run_did_not_know_is_asked_for_at_the_dump(tmp_path):
    """A name that means nothing then is an error that tells it."""
    flow = flow_of(tmp_path, "{where}-{map_index}.pkl")
    child = flow.run().result[flow.mapped].map_states[0]
    with pytest.raises(ValidationError, match="names 'where'"):
        child.serialize()
    with context(where="here"):
        child.serialize()
    assert files(tmp_path) == ["here-0.pkl"]
