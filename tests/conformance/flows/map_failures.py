"""Some children fail, the reduce fails by its trigger; an all_finished one gets exceptions."""

from prefect import Flow, task
from prefect.triggers import all_finished, any_successful


@task
def numbers():
    return [1, 0, 2]


@task
def inverse(x):
    return 1 / x


@task
def inc(x):
    return x + 1


@task
def total(xs):
    return sum(xs)


@task(trigger=all_finished)
def kinds(xs):
    return [type(x).__name__ for x in xs]


@task(trigger=any_successful)
def count(xs):
    return len(xs)


with Flow("map-failures") as flow:
    parts = inverse.map(numbers())
    nexts = inc.map(parts)
    total(parts)
    kinds(nexts)
    count(parts)
