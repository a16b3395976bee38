"""More children than one batch has, some of them fail."""

import prefect
from prefect import Flow, task


@task
def ns():
    return list(range(60))


@task
def inc(x):
    if x % 13 == 7:
        raise ValueError(x)
    return x + 1


@task
def tot(xs):
    return [x if isinstance(x, int) else str(x) for x in xs]


with Flow("map-many") as flow:
    m = inc.map(ns())
    inc.map(m)
    tot(m, task_args=dict(trigger=prefect.triggers.all_finished))
