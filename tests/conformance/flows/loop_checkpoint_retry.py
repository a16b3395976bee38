"""A looping task that fails with checkpointing on: the loop result is read back."""

from datetime import timedelta

import prefect
from prefect import Flow, task
from prefect.engine.results import LocalResult
from prefect.engine.signals import LOOP

config = {"flows.checkpointing": True}
FAILED = []


@task(max_retries=1, retry_delay=timedelta(0), result=LocalResult(dir="loops"))
def climb():
    n = prefect.context.get("task_loop_result", {"n": 0})["n"]
    if n == 2 and not FAILED:
        FAILED.append(1)
        raise ValueError("at two")
    if n < 3:
        raise LOOP(result={"n": n + 1})
    return [n, prefect.context.task_loop_count]


with Flow("loop-checkpoint-retry") as flow:
    climb()
