"""Several levels, two mapped inputs and an unmapped one."""

from prefect import Flow, task, unmapped


@task
def numbers(n):
    return list(range(n))


@task
def add(x, y, z=0):
    return x + y + z


with Flow("map-levels") as flow:
    a = numbers(3)
    b = numbers(5)
    c = add.map(a, b)
    d = add.map(c, y=unmapped(100), z=a)
    e = add.map(d, c)
