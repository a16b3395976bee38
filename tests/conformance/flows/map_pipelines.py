"""Mapped tasks in a row, side by side, and over what a reduce step makes."""

from prefect import Flow, task, unmapped


@task
def start(n):
    return list(range(n))


@task
def inc(x):
    return x + 1


@task
def pair(x, y):
    return (x, y)


@task
def tot(xs):
    return sum(xs)


with Flow("map-pipelines") as flow:
    a = start(4)
    for _ in range(5):
        a = inc.map(a)
    b = inc.map(start(3, task_args=dict(name="s3")))
    pair.map(a, b)
    pair.map(a, a)
    t = tot(a)
    pair.map(a, unmapped(t))
    inc.map(start(t))
