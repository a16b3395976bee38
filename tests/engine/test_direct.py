"""The short way of a task run leads to the states of the long way."""

from __future__ import annotations

import datetime

import pytest

import prefect_results
from prefect_results import Flow, Parameter, flatten, task, unmapped
from prefect_results.engine import TaskRunner
from prefect_results.engine.flow_runner import FlowRunner
from prefect_results.results import LocalResult
from prefect_results.signals import FAIL, LOOP, RETRY, SKIP, SUCCESS


class LongWay(TaskRunner):
    """A task runner of its own type never takes the short way."""


class LongWayFlowRunner(FlowRunner):
    """Runs every task the long way."""

    def __init__(self, flow):
        super().__init__(flow, task_runner_cls=LongWay)


@task
def numbers():
    return [1, 2, 3]


@task
def inc(x):
    return x + 1


@task
def fails_on_two(x):
    if x == 2:
        raise ValueError("two")
    return x


@task
def total(xs):
    return sum(xs)


@task
def signals(x):
    if x == 1:
        raise SKIP("skip one")
    if x == 2:
        raise FAIL("fail two")
    raise SUCCESS("early", result=30)


@task
def loops(x):
    turn = prefect_results.context.get("task_loop_count", 1)
    if turn < 3:
        raise LOOP(result=turn)
    return (x, prefect_results.context.task_loop_result)


@task
def sees(x):
    ctx = prefect_results.context
    return (
        ctx.map_index,
        ctx.task_name,
        ctx.task_full_name,
        ctx.task_slug,
        ctx.task_run_count,
        ctx.logger.name.rpartition(".")[2],
        ctx.parameters,
        sorted(ctx.task_tags),
        ctx.today,
    )


@task(nout=2)
def pair():
    return 1, 2


@task
def nested():
    return [[1, 2], [3]]


def chain():
    value = numbers()
    for _ in range(3):
        value = total(inc.map(value)) if value.name == "numbers" else inc(value)


def mapped():
    inc.map(inc.map(numbers()))


def failing_child():
    total(inc.map(fails_on_two.map(numbers())))


def signalling_children():
    inc.map(signals.map(numbers()))


def looping_children():
    loops.map(numbers())
    loops(5)


def context_values():
    sees.map(numbers())
    sees(Parameter("p", default=7))


def indexing():
    first, second = pair()
    inc(first + second)


def flattened():
    inc.map(flatten(nested()))
    total(flatten(nested()))


def unmapped_inputs():
    @task
    def add(x, y, z):
        return x + y + z

    add.map(numbers(), y=unmapped(inc(1)), z=unmapped(10))


def empty_map():
    inc.map([])


def upstream_only():
    first = inc(1)
    second = total([1, 2], upstream_tasks=[first])
    inc(2, upstream_tasks=[fails_on_two(2)])
    inc.map([1, 2], upstream_tasks=[second])


def tagged():
    with prefect_results.tags("a", "b"):
        inc.map(numbers())


def shorter_of_two():
    @task
    def both(x, y):
        return x, y

    both.map(numbers(), [10, 20])


def unpicklable_error():
    @task
    def boom(x):
        raise RuntimeError(lambda: x)

    boom.map(numbers())


BUILDERS = [
    chain,
    mapped,
    failing_child,
    signalling_children,
    looping_children,
    context_values,
    indexing,
    flattened,
    unmapped_inputs,
    empty_map,
    upstream_only,
    tagged,
    shorter_of_two,
    unpicklable_error,
]


def described(state):
    """What a state says, for comparison."""
    value = state.result
    return {
        "type": type(state).__name__,
        "message": state.message,
        "value": repr(value) if isinstance(value, BaseException) else value,
        "context": state.context,
        "cached_inputs": sorted(state.cached_inputs),
        "result": (type(state._result), state._result.location),
        "children": [described(child) for child in getattr(state, "map_states", ())],
    }


def outcome(build, **kwargs):
    with Flow("f") as flow:
        build()
    state = flow.run(**kwargs)
    by_slug = {flow.slugs[task]: described(found) for task, found in state.result.items()}
    for told in by_slug.values():
        told["message"] = told["message"] and told["message"].split(" at 0x")[0]
        told["value"] = str(told["value"]).split(" at 0x")[0]
        for child in told["children"]:
            child["message"] = child["message"].split(" at 0x")[0]
            child["value"] = str(child["value"]).split(" at 0x")[0]
    return type(state), state.message, by_slug


@pytest.mark.parametrize("build", BUILDERS, ids=lambda build: build.__name__)
def test_both_ways_lead_to_the_same_states(build):
    """Type, message, value, context, inputs and children of each state agree."""
    assert outcome(build) == outcome(build, runner_cls=LongWayFlowRunner)


@pytest.mark.parametrize("target", ["{nothing}.pickle", lambda **kw: 1 / 0, "../up.pickle"])
@pytest.mark.parametrize("retries", [0, 1])
def test_both_ways_fail_alike_on_a_bad_target(tmp_path, target, retries):
    """A target that cannot be filled, or leaves the folder, fails the run on either way."""

    def build():
        result = LocalResult(dir=str(tmp_path))
        options = {"max_retries": 1, "retry_delay": datetime.timedelta(0)} if retries else {}
        task(lambda x: x, name="t", result=result, target=target, **options).map([1, 2])

    with prefect_results.context(checkpointing=True):
        short = outcome(build)
        assert short == outcome(build, runner_cls=LongWayFlowRunner)
    assert short[2]["t-1"]["children"][0]["type"] == "Failed"


def test_both_ways_checkpoint_alike(tmp_path):
    """Where a child's value is written does not depend on the way."""

    def build():
        result = LocalResult(dir=str(tmp_path), location="{task_name}/{map_index}-{x}.pickle")
        task(lambda x: x * 2, name="double", result=result).map([1, 2])

    with prefect_results.context(checkpointing=True):
        short = outcome(build)
        long = outcome(build, runner_cls=LongWayFlowRunner)
    assert short == long
    assert sorted(path.name for path in (tmp_path / "double").iterdir()) == [
        "0-1.pickle",
        "1-2.pickle",
    ]


def test_a_retry_continues_where_the_short_way_left(monkeypatch):
    """A failing child becomes Retrying with its inputs, and succeeds the second time."""
    seen = []

    @task(max_retries=1, retry_delay=datetime.timedelta(0))
    def flaky(x):
        seen.append((x, prefect_results.context.task_run_count))
        if x == 2 and prefect_results.context.task_run_count == 1:
            raise ValueError(x)
        return x

    with Flow("f") as flow:
        values = flaky.map([1, 2, 3])
    state = flow.run()
    assert state.is_successful()
    assert state.result[values].result == [1, 2, 3]
    assert seen == [(1, 1), (2, 1), (3, 1), (2, 2)]


def test_a_retry_signal_keeps_the_inputs():
    """A state that will run again carries its inputs as Results, simply set."""

    @task
    def again(x):
        raise RETRY("later", start_time=datetime.datetime(2100, 1, 1, tzinfo=datetime.timezone.utc))

    with Flow("f") as flow:
        value = again(5)
    state = FlowRunner(flow).run(return_tasks=[value])
    assert state.is_running()
    retrying = state.result[value]
    assert retrying.is_retrying()
    assert retrying.cached_inputs["x"].value == 5
