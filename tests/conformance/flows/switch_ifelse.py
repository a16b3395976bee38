"""switch, ifelse and merge with checkpoints of values that are falsy."""

from prefect import Flow, Parameter, task
from prefect.tasks.control_flow import ifelse, merge, switch


@task
def give(x):
    return x


@task
def a():
    return 0


@task
def b():
    return "b"


with Flow("switch-ifelse") as flow:
    p = Parameter("p", default="a")
    ta, tb = a(), b()
    switch(p, dict(a=ta, b=tb))
    m = merge(ta, tb)
    give(m)
    flag = give(p == "a")
    yes, no = a(task_args=dict(name="yes")), b(task_args=dict(name="no"))
    ifelse(flag, yes, no)
    merge(yes, no, checkpoint=True)
    only = b(task_args=dict(name="only"))
    ifelse(flag, None, only)

runs = [{}, {"p": "b"}, {"p": "c"}]
