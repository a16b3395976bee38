"""What a Retrying state carries: inputs, count, start time; and running it again."""

from datetime import timedelta

import prefect
from prefect import Flow, task
from prefect.engine.flow_runner import FlowRunner
from prefect.engine.results import LocalResult, PrefectResult


@task(result=PrefectResult())
def one():
    return 1


@task(result=LocalResult(dir="two"))
def two():
    return [2]


@task(max_retries=1, retry_delay=timedelta(hours=1))
def flaky(x, y, z, k=4):
    if prefect.context.task_run_count == 1:
        raise ValueError("first")
    return [x, y, z, k]


with Flow("retries-states") as flow:
    a, b = one(), two()
    f = flaky(a, b, z=3)
    g = one(upstream_tasks=[f])


def execute(flow):
    first = FlowRunner(flow).run(return_tasks=flow.tasks)
    waiting = FlowRunner(flow).run(return_tasks=flow.tasks, task_states=dict(first.result))
    states = dict(first.result)
    retry = states[f]
    retry.start_time = prefect.context.get("scheduled_start_time") or __import__("pendulum").now(
        "utc"
    )
    second = FlowRunner(flow).run(return_tasks=flow.tasks, task_states=states)
    return [first, waiting, second]
