"""A listener hears of each state of each task run, whichever way it takes."""

from __future__ import annotations

import datetime

import pytest

import prefect_results
from prefect_results import Flow, task
from prefect_results.engine import FlowRunner, TaskRunner
from prefect_results.engine.listening import LISTENER
from prefect_results.results import LocalResult
from prefect_results.signals import LOOP


class LongWay(TaskRunner):
    """A task runner of its own type never takes the short way."""


class Ear:
    def __init__(self):
        self.heard = []

    def task_run_changed(self, task, map_index, state):
        self.heard.append((task.name, map_index, type(state).__name__))

    def task_run_id(self, task_slug, map_index):
        return f"{task_slug}/{map_index}"

    def flush(self):
        pass


@task
def numbers():
    return [1, 2]


@task(max_retries=1, retry_delay=datetime.timedelta(days=1))
def fragile(x):
    if x == 2:
        raise ValueError(x)
    return x


@task
def loops():
    if prefect_results.context.get("task_loop_count", 1) < 2:
        raise LOOP(result=1)


def heard(build, runner_cls, **kwargs):
    ear = Ear()
    with Flow("f") as flow:
        build()
    FlowRunner(flow, task_runner_cls=runner_cls).run(context={LISTENER: ear}, **kwargs)
    return ear.heard


@pytest.mark.parametrize("runner_cls", [TaskRunner, LongWay])
def test_each_state_is_heard_of_in_order(runner_cls):
    """Running, final and retrying states of tasks and of mapped children are announced once."""
    assert heard(lambda: fragile.map(numbers()), runner_cls) == [
        ("numbers", None, "Running"),
        ("numbers", None, "Success"),
        ("fragile", None, "Mapped"),
        ("fragile", 0, "Running"),
        ("fragile", 0, "Success"),
        ("fragile", 1, "Running"),
        ("fragile", 1, "Failed"),
        ("fragile", 1, "Retrying"),
    ]


@pytest.mark.parametrize("runner_cls", [TaskRunner, LongWay])
def test_the_listener_names_the_task_runs(runner_cls):
    """The id that the listener gives is the one that a task run finds in its context."""
    seen = []

    @task
    def look(x):
        seen.append(prefect_results.context.task_run_id)

    def build():
        look(0)
        look.map([1, 2])

    with Flow("f") as flow:
        build()
    contexts = {each: {"task_slug": slug} for each, slug in flow.slugs.items()}
    FlowRunner(flow, runner_cls).run(context={LISTENER: Ear()}, task_contexts=contexts)
    assert seen == ["look-1/None", "look-2/0", "look-2/1"]


@pytest.mark.parametrize("runner_cls", [TaskRunner, LongWay])
def test_each_turn_of_a_loop_is_heard_of(runner_cls):
    """A looping task announces each turn."""
    assert [kind for _, _, kind in heard(lambda: loops(), runner_cls)] == [
        "Running",
        "Looped",
        "Running",
        "Success",
    ]


@pytest.mark.parametrize("runner_cls", [TaskRunner, LongWay])
def test_a_state_that_was_there_is_not_announced(runner_cls):
    """A finished state given to a run changes nothing."""
    ear = Ear()
    with Flow("f") as flow:
        value = numbers()
    states = {value: prefect_results.states.Success(result=[1])}
    FlowRunner(flow, runner_cls).run(task_states=states, context={LISTENER: ear})
    assert ear.heard == []


@pytest.mark.parametrize("runner_cls", [TaskRunner, LongWay])
def test_mapping_over_a_value_that_arrived_serialized(tmp_path, runner_cls):
    """The children of a task get their items from a value that is read when it is needed."""
    sent = prefect_results.states.Success(
        result=LocalResult(dir=str(tmp_path)).write([1, 3])
    ).serialize()
    with Flow("f") as flow:
        source = numbers()
        values = fragile.map(source)
    state = FlowRunner(flow, runner_cls).run(
        task_states={source: prefect_results.State.deserialize(sent)}, return_tasks=[values]
    )
    assert state.result[values].result == [1, 3]
