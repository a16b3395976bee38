"""A looping task: results between loops, counts, the final value."""

import prefect
from prefect import Flow, task
from prefect.engine.signals import LOOP


@task
def count():
    n = prefect.context.get("task_loop_result", 0)
    c = prefect.context.get("task_loop_count", 1)
    if n < 3:
        raise LOOP("loop {}".format(c), result=n + 1)
    return [n, c, prefect.context.task_run_count]


@task
def silent():
    c = prefect.context.get("task_loop_count", 1)
    if c < 3:
        raise LOOP(result=c)
    return c


@task
def failing():
    if prefect.context.get("task_loop_count", 1) < 2:
        raise LOOP(result="x")
    raise ValueError("after loop {}".format(prefect.context.task_loop_result))


@task
def inc(x):
    return x[0] + 1


with Flow("loop") as flow:
    inc(count())
    silent()
    failing()
