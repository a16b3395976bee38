"""Two functions, one feeding the other."""

from prefect import Flow, task


@task
def one():
    return 1


@task
def add(x, y=10):
    return x + y


with Flow("simple") as flow:
    add(one())
