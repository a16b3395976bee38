"""The flow's state follows its reference tasks."""

from prefect import Flow, task
from prefect.triggers import all_finished


@task
def bad():
    raise ValueError("bad")


@task(trigger=all_finished)
def good(x):
    return 1


with Flow("reference") as flow:
    b = bad()
    g = good(b)


def execute(flow):
    states = [flow.run()]
    flow.set_reference_tasks([b])
    states.append(flow.run())
    flow.set_reference_tasks([b, g])
    states.append(flow.run())
    flow.set_reference_tasks([])
    states.append(flow.run())
    return states
