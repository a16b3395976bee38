"""Mapped tasks as upstream tasks without data."""

from prefect import Flow, task, unmapped


@task
def half(x):
    if x == 3:
        raise ValueError(x)
    return x


@task
def g(x):
    return x


@task
def one():
    return 1


with Flow("map-upstream-tasks") as flow:
    h = half.map([1, 2, 3])
    g.map([4, 5, 6], upstream_tasks=[h])
    g.map([4, 5], upstream_tasks=[unmapped(one())])
    g(1, upstream_tasks=[h])
    g.map([1, 2], upstream_tasks=[h], task_args=dict(name="shorter"))
