"""Values that are odd: unhashable, unpicklable, generators, states, tasks, exceptions, None."""

import threading

from prefect import Flow, Task, task
from prefect.engine.state import Success


class Odd:
    def __eq__(self, other):
        raise ValueError("no comparison")

    def __bool__(self):
        raise ValueError("no truth")

    __hash__ = None


def give(make):
    return task(lambda: make())


@task
def kind(x):
    return type(x).__name__


with Flow("values") as flow:
    for make in (
        Odd,
        threading.Lock,
        lambda: (i for i in range(2)),
        lambda: Success("inner", result=3),
        lambda: Task(name="inner"),
        lambda: ValueError("value"),
        lambda: None,
        lambda: {1: {2: {3}}},
        lambda: lambda: 1,
        lambda: Odd,
        lambda: float("inf"),
        lambda: b"bytes",
        lambda: frozenset([1]),
    ):
        kind(give(make)())
