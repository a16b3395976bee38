"""Targets as templates: with names, parameters, inputs, map index; hits in the second run."""

import os

from prefect import Flow, Parameter, task
from prefect.engine.results import LocalResult
from prefect.engine.serializers import JSONSerializer

config = {"flows.checkpointing": True}
CALLS = []
result = LocalResult(dir="targets", serializer=JSONSerializer())


@task(target="{task_name}.json", result=result)
def plain():
    CALLS.append("plain")
    return 1


@task(target="{flow_name}/{p}-{x}.json", result=result)
def formatted(x):
    CALLS.append("formatted")
    return x * 10


@task(target="m/{map_index}.json", result=result)
def mapped(x):
    CALLS.append("mapped")
    return [x]


@task(target="dated/{today}.json", result=result)
def dated():
    CALLS.append("dated")
    return "d"


@task(target="fails/{missing}.json", result=result)
def broken():
    return 1


with Flow("target") as flow:
    p = Parameter("p", default="pp")
    plain(upstream_tasks=[p])
    formatted(3)
    mapped.map([5, 6])
    dated()
    broken()

runs = [{}, {}, {"p": "other"}]


def observe(flow, states):
    found = sorted(os.path.join(d, f) for d, _, fs in os.walk("targets") for f in fs)
    return [CALLS.count(n) for n in ("plain", "formatted", "mapped", "dated")] + [
        [f for f in found if "dated" not in f]
    ]
