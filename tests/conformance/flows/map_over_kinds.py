"""Mapping over a tuple, a string, constants and what can't be mapped."""

from prefect import Flow, task


@task
def give(kind):
    return {"tuple": (1, 2), "text": "ab", "number": 5, "set": {1}, "dict": {0: "x", 1: "y"}}[kind]


@task
def show(x):
    return repr(x)


with Flow("map-over-kinds") as flow:
    for kind in ("tuple", "text", "number", "set"):
        show.map(give(kind), task_args=dict(name="show " + kind))
    show.map([7, 8, 9], task_args=dict(name="show constant"))
    show.map("xyz", task_args=dict(name="show constant text"))
    show.map([give("text"), give("tuple")], task_args=dict(name="show list of tasks"))
