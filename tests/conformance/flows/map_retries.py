"""Children of a mapped task retry on their own."""

import datetime

import prefect
from prefect import Flow, task


@task
def numbers():
    return [1, 2, 3]


@task(max_retries=2, retry_delay=datetime.timedelta(0))
def flaky(x):
    if prefect.context.task_run_count < x:
        raise ValueError("attempt {}".format(prefect.context.task_run_count))
    return x * 10


@task
def total(xs):
    return sum(xs)


with Flow("map-retries") as flow:
    total(flaky.map(numbers()))
