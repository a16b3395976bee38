"""Every child of a mapped task is written to its own location."""

import os

from prefect import Flow, task, unmapped
from prefect.engine.results import LocalResult, PrefectResult
from prefect.engine.serializers import JSONSerializer

config = {"flows.checkpointing": True}


@task(result=PrefectResult())
def numbers():
    return [1, 2, 3]


@task(
    result=LocalResult(
        dir="out", location="{task_name}/{map_index}-{x}.json", serializer=JSONSerializer()
    )
)
def times(x, y):
    return x * y


@task(result=LocalResult(dir="out", location="total.pkl"))
def total(xs):
    return sum(xs)


with Flow("checkpoint-mapped") as flow:
    total(times.map(numbers(), unmapped(10)))


def observe(flow, states):
    out = {}
    for d, _, fs in os.walk("out"):
        for f in fs:
            out[os.path.join(d, f)] = open(os.path.join(d, f), "rb").read()
    return dict(sorted(out.items()))
