"""Two tasks sharing a cache by cache_key; caches live in context."""

import datetime

import prefect
from prefect import Flow, task
from prefect.engine.cache_validators import all_inputs

CALLS = []
hour = datetime.timedelta(hours=1)


@task(cache_for=hour, cache_key="shared", cache_validator=all_inputs)
def first(x):
    CALLS.append("first")
    return x + 1


@task(cache_for=hour, cache_key="shared", cache_validator=all_inputs)
def second(x):
    CALLS.append("second")
    return x + 1


with Flow("cache-key") as flow:
    a = first(1)


with Flow("cache-key-two") as other:
    second(1)


def execute(flow):
    return [flow.run(), other.run(), flow.run()]


def observe(flow, states):
    return [
        CALLS,
        sorted(prefect.context.caches),
        [type(s).__name__ for s in prefect.context.caches["shared"]],
    ]
