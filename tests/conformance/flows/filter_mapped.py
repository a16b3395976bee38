"""FilterTask over the children of a mapped task, failed ones among them."""

from prefect import Flow, task
from prefect.tasks.control_flow import FilterTask


@task
def half(x):
    if x % 2:
        raise ValueError(x)
    return x if x else None


@task
def ln(xs):
    return len(xs)


f = FilterTask()
g = FilterTask(
    filter_func=lambda x: isinstance(x, int) and x > 1, log_func=lambda x: "log %s" % len(x)
)
with Flow("filter-mapped") as flow:
    h = half.map([0, 1, 2, 3, 4])
    ln(f(h))
    k = g(h)
    half.map(k)
