"""A task that takes longer than its timeout, and one that doesn't."""

import time

from prefect import Flow, task


@task(timeout=1)
def slow(x):
    time.sleep(20)
    return x


@task(timeout=10)
def quick(x):
    return x


@task(timeout=10)
def broken(x):
    raise ValueError("in time")


with Flow("timeouts") as flow:
    slow(1)
    quick(2)
    broken(3)
