"""Results that cannot be written, of plain and mapped tasks."""

import os

from prefect import Flow, task
from prefect.engine.results import LocalResult

config = {"flows.checkpointing": True}


class Broken(LocalResult):
    def write(self, value_, **kwargs):
        raise OSError("disk full")


@task(result=Broken(dir=os.getcwd(), validate_dir=False))
def a(x):
    return x


@task
def b(x):
    return x


with Flow("result-write-fails") as flow:
    b(a(1))
    b.map(a.map([1, 2]))
