"""Targets without checkpointing: read when there, not written."""

import os
import pickle

from prefect import Flow, task
from prefect.engine.results import LocalResult


def setup(tmp):
    os.makedirs("there", exist_ok=True)
    with open("there/old.pkl", "wb") as file:
        pickle.dump("old", file)


@task(target="old.pkl", result=LocalResult(dir="there"))
def hit():
    return "new"


@task(target="other.pkl", result=LocalResult(dir="there"))
def miss():
    return "new"


@task(target="nowhere.pkl")
def no_result():
    return "new"


with Flow("target-off") as flow:
    hit()
    miss()
    no_result()


def observe(flow, states):
    return sorted(os.listdir("there"))
