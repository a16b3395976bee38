"""Large flows neither recurse nor lose anything."""

from __future__ import annotations

import prefect_results
from prefect_results import Flow, task
from prefect_results.signals import LOOP


@task
def inc(x):
    return x + 1


def test_a_chain_of_five_thousand_tasks():
    """The depth of a flow is not bounded by the interpreter's recursion limit."""
    with Flow("chain") as flow:
        value = inc(0)
        for _ in range(4_999):
            value = inc(value)
    state = flow.run()
    assert state.is_successful()
    assert state.result[value].result == 5_000


def test_a_mapped_task_that_loops_two_thousand_times():
    """A loop's turns do not pile up on the stack, in mapped children neither."""

    @task
    def count(x):
        total = prefect_results.context.get("task_loop_result", x)
        if prefect_results.context.get("task_loop_count", 1) <= 2_000:
            raise LOOP(result=total + 1)
        return total

    with Flow("loop") as flow:
        counted = count.map([0, 10])
    state = flow.run()
    assert state.result[counted].result == [2_000, 2_010]


def test_ten_thousand_children():
    """Each of many mapped children has its state, in order."""
    with Flow("wide") as flow:
        values = inc.map(list(range(10_000)))
    state = flow.run()
    assert state.result[values].result == list(range(1, 10_001))
