"""A failing child in the middle of three mapped levels."""

from prefect import Flow, task
from prefect.triggers import always_run, any_failed


@task
def numbers():
    return [1, 2, 3]


@task
def a(x):
    if x == 2:
        raise RuntimeError("two")
    return x


@task
def b(x):
    return x + 1


@task(trigger=any_failed)
def c(x):
    return "cleaned {!r}".format(x)


@task(trigger=always_run)
def d(x):
    return str(x)


with Flow("map-many-levels") as flow:
    first = a.map(numbers())
    second = b.map(first)
    c.map(second)
    d.map(second)
