"""The task that makes the list fails, or is skipped."""

from prefect import Flow, task
from prefect.engine import signals
from prefect.triggers import all_finished


@task
def broken():
    raise ValueError("no list")


@task
def skipped():
    raise signals.SKIP("not today")


@task
def inc(x):
    return x + 1


@task(trigger=all_finished, skip_on_upstream_skip=False)
def show(x):
    return repr(x)


with Flow("map-upstream-fails") as flow:
    inc.map(broken(), task_args=dict(name="inc a"))
    inc.map(skipped(), task_args=dict(name="inc b"))
    show.map(broken(), task_args=dict(name="show a"))
    show.map(skipped(), task_args=dict(name="show b"))
