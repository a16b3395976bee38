"""An object whose items can't be had by position fails the flow run."""

from prefect import Flow, task


@task
def give():
    return {"a": 1}


@task
def show(x):
    return repr(x)


with Flow("map-over-missing-index") as flow:
    show.map(give())
