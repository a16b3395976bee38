"""A mapped task under a case that is not taken, and one that is."""

from prefect import Flow, case, task


@task
def numbers():
    return [1, 2]


@task
def inc(x):
    return x + 1


@task
def flag():
    return True


with Flow("map-of-case") as flow:
    n = numbers()
    f = flag()
    with case(f, True):
        inc.map(n)
    with case(f, False):
        inc.map(n)
