"""`apply_map`: which tasks and edges it makes, and what they compute."""

from __future__ import annotations

from typing import Any

import pytest

from prefect_results import Flow, Parameter, apply_map, case, flatten, tags, task, unmapped
from prefect_results.core import Edge
from prefect_results.tasks.control_flow import merge


@task
def inc(x, y=1):
    """Add."""
    return x + y


@task
def numbers(n=3):
    """Zero to n-1."""
    return list(range(n))


@task
def is_even(x):
    """Whether x is even."""
    return x % 2 == 0


def results(flow: Flow, *tasks: Any) -> list[Any]:
    """The results of a run that succeeds."""
    state = flow.run()
    assert state is not None and state.is_successful(), state
    return [state.result[t].result for t in tasks]


def test_a_function_is_mapped() -> None:
    """Its tasks become mapped tasks; what is unmapped is not."""

    def build(x, y):
        a = inc(x, y)
        return inc(a, 10), a

    with Flow("n") as flow:
        y = Parameter("y", default=100)
        outer, inner = apply_map(build, numbers(), unmapped(y))
    assert all(edge.mapped for edge in flow.edges if edge.upstream_task.name == "numbers")
    assert not any(edge.mapped for edge in flow.edges if edge.upstream_task is y)
    assert Edge(inner, outer, key="x", mapped=True) in flow.edges
    assert flow.constants[outer] == {"y": 10}
    assert results(flow, inner, outer) == [[100, 101, 102], [110, 111, 112]]


def test_control_flow_is_mapped() -> None:
    """`case` and `merge` inside of the function decide for each child."""

    def made_odd(number):
        with case(is_even(number), True):
            odd = inc(number)
        return merge(odd, number)

    with Flow("n") as flow:
        res = apply_map(made_odd, range(4))
    assert results(flow, res) == [[1, 1, 3, 3]]


def test_constants_are_mapped_or_not() -> None:
    """A list that is mapped over becomes a task; an unmapped one stays a constant."""
    with Flow("n") as flow:
        res = apply_map(lambda x, y: inc(x, y), [1, 2], unmapped(5))
        lists = apply_map(lambda x, y: inc(y, x), [[1], [2]], y=unmapped([0]))
    assert flow.constants[res] == {"y": 5} and flow.constants[lists] == {"x": [0]}
    assert results(flow, res, lists) == [[6, 7], [[0, 1], [0, 2]]]


def test_nested_results_are_flattened() -> None:
    """`flatten` is kept on the edges."""

    @task
    def nested():
        return [[1], [2, 3]]

    with Flow("n") as flow:
        res = apply_map(lambda x: inc(x), flatten(nested()))
        constant = apply_map(lambda x: inc(x), flatten([[1, 2], [3]]))
    assert results(flow, res, constant) == [[2, 3, 4], [2, 3, 4]]


def test_every_new_root_depends_on_all_arguments() -> None:
    """So that all children come in the same number, also of tasks without arguments."""

    @task
    def nothing():
        return 1

    with Flow("n") as flow:
        a, b = numbers(2), numbers(2)
        res = apply_map(lambda x, y: (nothing(), inc(x)), a, b)
    for made in res:
        assert flow.upstream_tasks(made) == {a, b}
    assert results(flow, *res) == [[1, 1], [1, 2]]


def test_blocks_around_the_call_apply() -> None:
    """Tags and an open case reach the tasks that are made."""
    with Flow("n") as flow:
        condition = is_even(2)
        with case(condition, True), tags("t"):
            res = apply_map(lambda x: inc(x), [1, 2])
    assert res.tags == {"t"}
    (comparison,) = flow.get_tasks(name="case(True)")
    assert comparison in flow.upstream_tasks(res)
    assert results(flow, res) == [[2, 3]]


def test_a_flow_can_be_given() -> None:
    """The function then takes it as an argument."""

    def build(x, flow):
        return inc(x, flow=flow)

    flow = Flow("n")
    res = apply_map(build, [1, 2], flow=flow)
    assert results(flow, res) == [[2, 3]]


def test_mistakes_are_errors() -> None:
    """No flow, nothing to map over, mapping inside of mapping."""
    with pytest.raises(ValueError, match="Couldn't infer a flow in the current context"):
        apply_map(lambda x: x, [1])
    with Flow("n"):
        with pytest.raises(TypeError, match="Cannot map over non-sequence object of type `int`"):
            apply_map(lambda x: x, 1)
        with pytest.raises(ValueError, match="Cannot set `mapped=True` when running from inside"):
            apply_map(lambda x: inc.map(x), [[1]])
