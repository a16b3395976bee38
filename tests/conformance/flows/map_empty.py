"""Mapping over nothing, then over that, then reducing."""

from prefect import Flow, task


@task
def nothing():
    return []


@task
def double(x):
    return 2 * x


@task
def total(xs):
    return sum(xs)


with Flow("map-empty") as flow:
    total(double.map(double.map(nothing())))
