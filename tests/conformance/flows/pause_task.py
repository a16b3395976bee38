"""pause_task and PAUSE raised in a task."""

import prefect
from prefect import Flow, task
from prefect.engine.flow_runner import FlowRunner
from prefect.engine.signals import PAUSE
from prefect.engine.state import Resume
from prefect.utilities.tasks import pause_task


@task
def ask(x):
    pause_task("please look")
    return x


@task
def raise_pause(x):
    if not prefect.context.get("resume"):
        raise PAUSE("paused by hand")
    return x


with Flow("pause") as flow:
    a = ask(1)
    b = raise_pause(a)
    c = raise_pause(3)


def execute(flow):
    first = FlowRunner(flow).run(return_tasks=flow.tasks)
    states = dict(first.result)
    states.update({t: Resume("resumed") for t in (a, c)})
    second = FlowRunner(flow).run(task_states=states, return_tasks=flow.tasks)
    return [first, second]
