"""Triggers of tasks below a mapped task of which some children failed."""

import prefect
from prefect import Flow, task
from prefect.triggers import (
    all_finished,
    any_failed,
    not_all_skipped,
    some_failed,
    some_successful,
)


@task
def half(x):
    if x % 2:
        raise ValueError(x)
    return x


def mine(states):
    if len(states) != 1:
        raise prefect.engine.signals.TRIGGERFAIL("n %d" % len(states))
    return True


@task(trigger=any_failed)
def a(xs):
    return [type(x).__name__ for x in xs]


@task(trigger=some_failed(at_least=2, at_most=3))
def b(xs):
    return len(xs)


@task(trigger=all_finished)
def c(x):
    return type(x).__name__


@task(trigger=some_successful(at_least=0.5))
def d(xs):
    return len(xs)


@task(trigger=mine)
def e(xs):
    return "e"


@task(trigger=not_all_skipped)
def g(xs):
    return "g"


with Flow("map-triggers") as flow:
    h = half.map([1, 2, 3, 4])
    a(h)
    b(h)
    c.map(h)
    d(h)
    e(h)
    g(h)
