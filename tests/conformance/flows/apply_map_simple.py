"""apply_map over a function that makes several tasks."""

from prefect import Flow, apply_map, case, task, unmapped
from prefect.tasks.control_flow import merge


@task
def numbers():
    return [1, 2, 3, 4]


@task
def is_even(x):
    return x % 2 == 0


@task
def div(x, y):
    return x / y


@task
def neg(x):
    return -x


def body(x, y):
    with case(is_even(x, task_args=dict(name="even")), True):
        a = div(x, y)
    with case(is_even(x, task_args=dict(name="odd")), False):
        b = neg(x)
    return merge(a, b), x


with Flow("apply-map") as flow:
    out, same = apply_map(body, numbers(), unmapped(2))
