"""States that are given for tasks around a mapped one."""

from prefect import Flow, task
from prefect.engine.state import Failed, Success


@task
def a():
    return [1, 2]


@task
def b(x):
    return x


@task
def c(xs):
    return xs


with Flow("given-states-mapped") as flow:
    A = a()
    B = b.map(A)
    C = c(B)


def execute(flow):
    return [
        flow.run(task_states={A: Success(result=[5, 6, 7])}),
        flow.run(task_states={A: Failed("given", result=ValueError("v"))}),
        flow.run(task_states={B: Success(result=[9])}),
        flow.run(task_states={C: Success(result=1)}),
    ]
