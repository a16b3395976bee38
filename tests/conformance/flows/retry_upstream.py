"""A task downstream of one that retries waits; siblings go on."""

from datetime import timedelta

from prefect import Flow, task
from prefect.engine.flow_runner import FlowRunner


@task(max_retries=1, retry_delay=timedelta(days=1))
def bad():
    raise ValueError("bad")


@task
def inc(x):
    return x + 1


with Flow("retry-upstream") as flow:
    b = bad()
    inc(inc(b))
    inc(1)
    inc.map([1, 2], upstream_tasks=[b])


def execute(flow):
    return [FlowRunner(flow).run(return_tasks=flow.tasks)]
