"""Unpacking tuples by nout, by annotation, and the error without it."""

from typing import Tuple

from prefect import Flow, task


@task(nout=2)
def two():
    return 1, 2


@task
def annotated() -> Tuple[int, str, float]:
    return 1, "2", 3.0


@task
def many() -> Tuple[int, ...]:
    return (1, 2)


@task(nout=0)
def none():
    return ()


@task
def show(x):
    return repr(x)


with Flow("nout") as flow:
    a, b = two()
    show(b)
    c, d, e = annotated()
    show([c, d, e])
    () == tuple(none())


def observe(flow, states):
    out = [two.nout, annotated.nout, many.nout, show.nout]
    for call in (lambda: list(many), lambda: task(nout=-1)(lambda: 1)):
        try:
            out.append(call())
        except Exception as exc:
            out.append(exc)
    return out
