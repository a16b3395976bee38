"""Lists of lists, mapped with flatten."""

from prefect import Flow, flatten, task, unmapped


@task
def nested():
    return [[1, 2], [], [3]]


@task
def spread(n):
    return list(range(n))


@task
def inc(x, by=1):
    return x + by


@task
def total(xs):
    return sum(xs)


with Flow("map-nested") as flow:
    flat = inc.map(flatten(nested()))
    total(flat)
    deep = spread.map(flat)
    more = inc.map(flatten(deep), by=unmapped(10))
    total(more)
    total(flatten(deep), task_args=dict(name="total flat"))
