"""case with constants and tasks, merge, nesting."""

from prefect import Flow, Parameter, case, task
from prefect.tasks.control_flow import merge


@task
def animal(x):
    return {1: "cat", 2: "dog"}.get(x, "none")


@task
def say(x):
    return "say " + x


@task
def after(x):
    return "after {}".format(x)


with Flow("case") as flow:
    kind = animal(Parameter("n", default=1))
    with case(kind, "cat"):
        a = say("meow")
        with case(kind, "dog"):
            never = say("never")
    with case(kind, "dog"):
        b = say("woof")
        aa = after(b)
    out = merge(a, b)
    after(out)

runs = [{}, {"n": 2}, {"n": 3}]
