"""A task that loops and fails: the retry goes on where the loop was."""

from datetime import timedelta

import prefect
from prefect import Flow, task
from prefect.engine.signals import LOOP

FAILED = set()


@task(max_retries=2, retry_delay=timedelta(0))
def climb(x):
    n = prefect.context.get("task_loop_result", x)
    if n == 2 and x not in FAILED:
        FAILED.add(x)
        raise ValueError("at two")
    if n < 4:
        raise LOOP(result=n + 1)
    return [n, prefect.context.task_loop_count, prefect.context.task_run_count]


with Flow("loop-retries") as flow:
    climb(0)
    climb.map([1, 2])
