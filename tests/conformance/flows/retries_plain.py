"""Retries: count, delays, messages, the last failure."""

from datetime import timedelta

import prefect
from prefect import Flow, task


@task(max_retries=3, retry_delay=timedelta(milliseconds=400))
def third():
    if prefect.context.task_run_count < 3:
        raise ValueError("attempt {}".format(prefect.context.task_run_count))
    return prefect.context.task_run_count


@task(max_retries=1, retry_delay=timedelta(0))
def never(x):
    raise KeyError(x)


@task
def after(x):
    return x


with Flow("retries") as flow:
    t = third()
    after(never(t))
    after(t)
