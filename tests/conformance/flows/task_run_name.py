"""task_run_name as a template and as a callable, with inputs, parameters and map index."""

import prefect
from prefect import Flow, Parameter, task


def named(x, **kwargs):
    return "called-{}-{}".format(x, kwargs.get("map_index"))


@task(task_run_name="run {x} of {task_name} {p}")
def template(x):
    return prefect.context.get("task_run_name")


@task(task_run_name=named)
def function(x):
    return prefect.context.get("task_run_name")


@task(task_run_name="{map_index}:{x}")
def mapped(x):
    return prefect.context.get("task_run_name")


@task(task_run_name="{missing}")
def broken():
    return 1


@task(task_run_name=lambda **kw: 1 / 0)
def failing():
    return 1


with Flow("task-run-name") as flow:
    p = Parameter("p", default="P")
    template(p)
    template(1)
    function("a")
    mapped.map(["u", "v"])
    function.map([1], task_args=dict(name="function mapped"))
    broken()
    failing()
