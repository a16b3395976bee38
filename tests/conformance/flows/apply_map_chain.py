"""apply_map with flow= given and its result mapped further."""

from prefect import Flow, apply_map, mapped, task, unmapped


@task
def numbers(n):
    return list(range(n))


@task
def add(x, y):
    return x + y


def twice(x, y, flow=None):
    first = add(x, y, flow=flow, task_args=dict(name="first"))
    return add(first, y, flow=flow, task_args=dict(name="second"))


flow = Flow("apply-map-chain")
source = numbers.copy().bind(3, flow=flow)
out = apply_map(twice, source, y=unmapped(10), flow=flow)
with flow:
    add(mapped(out), 1)
