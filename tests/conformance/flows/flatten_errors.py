"""Flattening what isn't a list of lists."""

from prefect import Flow, flatten, task


@task
def flat():
    return [1, 2, 3]


@task
def mixed():
    return [[1], 2, [3]]


@task
def number():
    return 5


@task
def inc(x):
    return x + 1


@task
def show(x):
    return repr(x)


with Flow("flatten-errors") as flow:
    inc.map(flatten(flat()), task_args=dict(name="a"))
    inc.map(flatten(mixed()), task_args=dict(name="b"))
    inc.map(flatten(number()), task_args=dict(name="c"))
    show(flatten(flat()), task_args=dict(name="d"))
    show(flatten(mixed()), task_args=dict(name="e"))
