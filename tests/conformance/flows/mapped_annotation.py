"""mapped() inside a plain call, unmapped lists, mapped upstream tasks."""

from prefect import Flow, mapped, task, unmapped


@task
def numbers():
    return [1, 2, 3]


@task
def add(x, y):
    return [x, y]


@task
def wait(x):
    return x


with Flow("mapped-annotation") as flow:
    n = numbers()
    a = add(mapped(n), unmapped(n))
    w = wait(mapped(a), upstream_tasks=[mapped(n)])
    add.map(n, unmapped([1, 2]), upstream_tasks=[unmapped(w), n])
