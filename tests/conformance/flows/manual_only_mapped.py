"""Mapped children that wait for somebody."""

from prefect import Flow, task
from prefect.triggers import manual_only


@task
def a():
    return [1, 2]


@task(trigger=manual_only)
def b(x):
    return x


@task
def c(x):
    return x


with Flow("manual-only-mapped") as flow:
    c(b.map(a()))


def execute(flow):
    from prefect.engine.flow_runner import FlowRunner

    return FlowRunner(flow).run(return_tasks=flow.tasks)
