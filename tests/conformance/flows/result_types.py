"""Each named result type as a task's and a flow's result, checkpointed."""

import pathlib

import pendulum
from prefect import Flow, Parameter, task
from prefect.engine.result import Result
from prefect.engine.results import ConstantResult, LocalResult, PrefectResult
from prefect.engine.serializers import (
    CompressedSerializer,
    DateTimeSerializer,
    JSONSerializer,
    PickleSerializer,
)

config = {"flows.checkpointing": True}


@task(result=Result())
def base():
    return {"a": 1}


@task(result=PrefectResult())
def inline():
    return {"a": [1, None]}


@task(result=PrefectResult(serializer=DateTimeSerializer()))
def when():
    return pendulum.datetime(2020, 2, 3, 4, 5, 6)


@task(result=PrefectResult())
def unjsonable():
    return object()


@task(result=ConstantResult(value=5))
def constant():
    return 6


@task(
    result=LocalResult(
        dir="out", location="c.bin", serializer=CompressedSerializer(PickleSerializer(), "zlib")
    )
)
def compressed():
    return "x" * 100


@task(
    result=LocalResult(
        dir=str(pathlib.Path("out").absolute()), location="j.json", serializer=JSONSerializer()
    )
)
def text():
    return "j"


@task
def use(x):
    return type(x).__name__


with Flow("result-types", result=PrefectResult()) as flow:
    for t in (base, inline, when, unjsonable, constant, compressed, text):
        use(t())
    use(1)
    use(Parameter("p", default=[1]))


def observe(flow, states):
    return open("out/j.json", "rb").read()
