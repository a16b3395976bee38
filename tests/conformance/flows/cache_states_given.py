"""Cached states handed in by task_states: valid, invalid, expired."""

import datetime

import pendulum
from prefect import Flow, Parameter, task
from prefect.engine.cache_validators import never_use
from prefect.engine.state import Cached


@task(cache_for=datetime.timedelta(hours=1))
def a(x):
    return x


@task(cache_for=datetime.timedelta(hours=1), cache_validator=never_use)
def b(x):
    return x


@task
def c(x):
    return x


with Flow("cache-states") as flow:
    p = Parameter("p", default=1)
    ta, tb, tc, td = a(p), b(p), c(p), a(p)


def execute(flow):
    now = pendulum.now("utc")
    return flow.run(
        task_states={
            ta: Cached(
                result=100, cached_result_expiration=now.add(days=1), cached_parameters={"p": 1}
            ),
            tb: Cached(result=200, cached_result_expiration=now.add(days=1)),
            tc: Cached(result=300),
            td: Cached(result=400, cached_result_expiration=now.add(days=-1)),
        }
    )
