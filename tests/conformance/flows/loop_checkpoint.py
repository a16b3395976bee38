"""Loops with checkpointing: each loop's result is written, and retries read it."""

import prefect
from prefect import Flow, task
from prefect.engine.results import LocalResult
from prefect.engine.signals import LOOP

config = {"flows.checkpointing": True}


def where(**context):
    return "{}-{}.pickle".format(context["task_name"], context.get("task_loop_count", 0))


@task(result=LocalResult(dir="loops", location=where))
def climb():
    n = prefect.context.get("task_loop_result", 0)
    if n < 3:
        raise LOOP(result=n + 1)
    return n


with Flow("loop-checkpoint") as flow:
    climb()


def observe(flow, states):
    import os

    return sorted(os.listdir("loops")) if os.path.isdir("loops") else None
