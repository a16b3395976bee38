"""A manual task pauses, and runs when it is resumed."""

import prefect
from prefect import Flow, task
from prefect.engine.flow_runner import FlowRunner
from prefect.engine.result import Result
from prefect.engine.state import Resume
from prefect.triggers import manual_only


@task
def one():
    return 1


@task(trigger=manual_only)
def gate(x, y):
    return [x, y, prefect.context.get("resume")]


with Flow("manual-only") as flow:
    o = one()
    g = gate(o, 5)
    h = one(upstream_tasks=[g])


def execute(flow):
    first = FlowRunner(flow).run(return_tasks=flow.tasks)
    states = dict(first.result)
    again = FlowRunner(flow).run(task_states=dict(states), return_tasks=flow.tasks)
    states[g] = Resume("go", cached_inputs=first.result[g].cached_inputs)
    resumed = FlowRunner(flow).run(task_states=dict(states), return_tasks=flow.tasks)
    states[g] = Resume("go", cached_inputs={"y": Result("cached")})
    other = FlowRunner(flow).run(task_states=dict(states), return_tasks=flow.tasks)
    return [first, again, resumed, other]
