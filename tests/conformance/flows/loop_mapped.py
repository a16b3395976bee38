"""Children of a mapped task loop each on its own."""

import prefect
from prefect import Flow, task
from prefect.engine.signals import LOOP, SKIP


@task
def climb(x):
    n = prefect.context.get("task_loop_result", x)
    if n > 5:
        return n
    if n == 5:
        raise SKIP("five")
    raise LOOP(result=n + 2)


@task
def total(xs):
    return sum(xs)


with Flow("loop-mapped") as flow:
    total(climb.map([0, 2, 4, 9]))
    climb.map([1], task_args=dict(name="odd"))
