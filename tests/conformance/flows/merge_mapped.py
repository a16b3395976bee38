"""merge over mapped branches."""

from prefect import Flow, case, task
from prefect.tasks.control_flow import merge


@task
def flag(x):
    return x


@task
def numbers():
    return [1, 2]


@task
def inc(x):
    return x + 1


with Flow("merge-mapped") as flow:
    n = numbers()
    f = flag(False)
    with case(f, True):
        a = inc.map(n)
    with case(f, False):
        b = inc.map(n)
    merge(a, b, mapped=True)
    merge(a, b)
