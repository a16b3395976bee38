"""Checkpointing by config, by context, per task, with values that are None or fail to pickle."""

import os

from prefect import Flow, task
from prefect.engine.results import LocalResult
from prefect.engine.serializers import JSONSerializer

config = {"flows.checkpointing": True}


def result(name):
    return LocalResult(dir="out", location=name)


@task(result=result("yes.pkl"))
def yes():
    return 1


@task(result=result("no.pkl"), checkpoint=False)
def no():
    return 2


@task(result=result("true.pkl"), checkpoint=True)
def true():
    return 3


@task(result=result("none.pkl"))
def none():
    return None


@task(result=LocalResult(dir="out", location="json.json", serializer=JSONSerializer()))
def unserializable():
    return {1, 2}


@task
def no_result():
    return 4


with Flow("checkpoint") as flow:
    yes(), no(), true(), none(), unserializable(), no_result()

runs = [{}, {"context": {"checkpointing": False}}]


def observe(flow, states):
    return sorted(os.listdir("out"))
