"""What the states look like while some children wait for a retry."""

import datetime

from prefect import Flow, task, unmapped
from prefect.engine.flow_runner import FlowRunner


@task
def numbers():
    return [1, 0]


@task(max_retries=1, retry_delay=datetime.timedelta(days=1))
def inverse(x, y):
    return y / x


@task
def total(xs):
    return sum(xs)


with Flow("map-retries-pending") as flow:
    t = total(inverse.map(numbers(), unmapped(4)))


def execute(flow):
    return FlowRunner(flow).run(return_tasks=flow.tasks)
