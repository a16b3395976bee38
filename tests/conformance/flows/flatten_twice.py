"""One mapped task flattened for two arguments of another."""

from prefect import Flow, flatten, mapped, task


@task
def nest(x):
    return [[x, x], [x]]


@task
def pair(x, y):
    return [x, y]


with Flow("flatten-twice") as flow:
    nested = nest.map([1, 2])
    pair(mapped(flatten(nested)), mapped(flatten(nested)))
