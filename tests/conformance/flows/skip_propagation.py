"""Skips travel downstream until a task says otherwise."""

from prefect import Flow, task
from prefect.engine.signals import SKIP
from prefect.triggers import not_all_skipped


@task
def skip():
    raise SKIP("first")


@task
def a(x):
    return x


@task(skip_on_upstream_skip=False)
def keep(x):
    return repr(x)


@task(trigger=not_all_skipped, skip_on_upstream_skip=False)
def some(x, y):
    return [x, y]


@task
def one():
    return 1


with Flow("skip") as flow:
    s = skip()
    t = a(s)
    u = a(t)
    k = keep(u)
    a(k)
    some(u, one())
    some(u, t)
    a(one(), upstream_tasks=[s])
