"""One child of a mapped task pauses."""

import prefect
from prefect import Flow, task
from prefect.engine.flow_runner import FlowRunner
from prefect.engine.signals import PAUSE


@task
def p(x):
    if x == 2 and not prefect.context.get("resume"):
        raise PAUSE("wait")
    return x


@task
def total(xs):
    return sum(xs)


with Flow("pause-mapped") as flow:
    a = p.map([1, 2, 3])
    t = total(a)


def execute(flow):
    first = FlowRunner(flow).run(return_tasks=flow.tasks)
    return [first]
