"""A run is resumed from the states of one that waits for retries of mapped children."""

from datetime import timedelta

import prefect
from prefect import Flow, task
from prefect.engine.flow_runner import FlowRunner


@task(max_retries=1, retry_delay=timedelta(0))
def flaky(x):
    if prefect.context.task_run_count == 1 and x > 1:
        raise ValueError("first")
    return x


@task
def inc(x):
    return x + 1


@task
def total(xs):
    return sum(xs)


with Flow("map-resume") as flow:
    total(inc.map(flaky.map([1, 2, 3])))


def execute(flow):
    first = FlowRunner(flow).run(return_tasks=flow.tasks)
    again = FlowRunner(flow).run(return_tasks=flow.tasks, task_states=dict(first.result))
    return [first, again]
