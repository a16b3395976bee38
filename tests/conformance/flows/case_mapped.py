"""A mapped task in a branch, merged with the other branch."""

from prefect import Flow, Parameter, case, task
from prefect.tasks.control_flow import merge, switch


@task
def cond(x):
    return x > 2


@task
def act(x):
    return x * 2


@task
def other(x):
    return -x


with Flow("case-mapped") as flow:
    x = Parameter("x", default=3)
    c = cond(x)
    with case(c, True):
        a = act.map([1, 2, x])
    with case(c, False):
        b = other(x)
    m = merge(a, b)
    act(m, task_args=dict(name="after"))
    s = switch(x, {1: act(1, task_args=dict(name="one")), 3: act(3, task_args=dict(name="three"))})
runs = [{}, {"parameters": {"x": 1}}]
