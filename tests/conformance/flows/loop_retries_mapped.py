"""Mapped children that loop, fail and are retried."""

import datetime

import prefect
from prefect import Flow, task
from prefect.engine.signals import FAIL, LOOP


@task(max_retries=2, retry_delay=datetime.timedelta(0))
def climb(x):
    n = prefect.context.get("task_loop_result", x)
    if prefect.context.get("task_run_count") == 1 and n == 3:
        raise FAIL("three", result="r")
    if n > 5:
        return [n, prefect.context.get("task_loop_count"), prefect.context.get("task_run_count")]
    raise LOOP(message="m", result=n + 1)


with Flow("loop-retries-mapped") as flow:
    climb.map([0, 4, 9])
    climb(1)
