"""Validators on inputs whose comparison is not a bool."""

import datetime

from prefect import Flow, task
from prefect.engine.cache_validators import all_inputs

CALLS = []


class Table(list):
    def __eq__(self, other):
        raise ValueError("The truth value of a table is ambiguous")

    __hash__ = None


@task
def table():
    return Table([1, 2])


@task(cache_for=datetime.timedelta(hours=1), cache_validator=all_inputs)
def size(t):
    CALLS.append(1)
    return len(t)


with Flow("cache-table") as flow:
    size(table())

runs = [{}, {}]


def observe(flow, states):
    return CALLS
