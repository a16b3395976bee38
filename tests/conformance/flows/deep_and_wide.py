"""A longer chain and many children."""

from prefect import Flow, task


@task
def inc(x):
    return x + 1


@task
def total(xs):
    return sum(xs)


with Flow("deep") as flow:
    x = 0
    for _ in range(30):
        x = inc(x)
    total(inc.map(list(range(40))))
