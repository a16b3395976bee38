"""Some children skip; skips travel child by child and into the reduce."""

from prefect import Flow, task
from prefect.engine.signals import SKIP


@task
def numbers():
    return [1, 2, 3, 4]


@task
def even(x):
    if x % 2:
        raise SKIP("odd: {}".format(x))
    return x


@task
def inc(x):
    return x + 1


@task(skip_on_upstream_skip=False)
def keep(x):
    return x


@task(skip_on_upstream_skip=False)
def total(xs):
    return sum(x for x in xs if x is not None)


@task
def total_skips(xs):
    return sum(xs)


with Flow("map-skips") as flow:
    evens = even.map(numbers())
    inc.map(evens)
    keep.map(evens)
    total(evens)
    total_skips(evens)
