"""FilterTask after a mapping with failures, with its own filter and log."""

from prefect import Flow, task
from prefect.tasks.control_flow.filter import FilterTask


@task
def numbers():
    return [1, 0, None, 4]


@task
def inverse(x):
    return None if x is None else 1 / x


@task
def total(xs):
    return sum(xs)


default = FilterTask()
big = FilterTask(
    filter_func=lambda r: isinstance(r, float) and r > 0.5, log_func=lambda r: "no: {!r}".format(r)
)

with Flow("filter") as flow:
    parts = inverse.map(numbers())
    total(default(parts))
    total(big(parts))
    flow.set_reference_tasks([flow.get_tasks("total")[0]])
