"""Cached children of a mapped task."""

import datetime

from prefect import Flow, Parameter, task
from prefect.engine.cache_validators import all_inputs

CALLS = []


@task
def numbers(n):
    return list(range(n))


@task(cache_for=datetime.timedelta(hours=1), cache_validator=all_inputs)
def square(x):
    CALLS.append(x)
    return x * x


@task
def total(xs):
    return sum(xs)


with Flow("cache-mapped") as flow:
    total(square.map(numbers(Parameter("n"))))

runs = [{"n": 3}, {"n": 2}, {"n": 4}]


def observe(flow, states):
    return CALLS
