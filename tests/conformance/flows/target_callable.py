"""Targets as callables, and a flow's result used for targets."""

import os

from prefect import Flow, Parameter, task
from prefect.engine.results import LocalResult

config = {"flows.checkpointing": True}
CALLS = []


def where(**kwargs):
    return "{}-{}-{}.pkl".format(
        kwargs["task_name"], kwargs["parameters"].get("p"), kwargs.get("map_index")
    )


@task(target=where)
def one(x):
    CALLS.append(x)
    return x


@task(target=where, checkpoint=False)
def off(x):
    CALLS.append(x)
    return x


with Flow("target-callable", result=LocalResult(dir="flow-results")) as flow:
    p = Parameter("p", default=1)
    one(p)
    one.map([7, 8], task_args=dict(name="many"))
    off(9)

runs = [{}, {}, {"p": 2}]


def observe(flow, states):
    return [sorted(CALLS), sorted(os.listdir("flow-results"))]
