"""Exceptions of all kinds raised from tasks, some that can't be pickled or shown."""

import threading

from prefect import Flow, task


class Custom(Exception):
    def __init__(self, a, b):
        super().__init__(a)
        self.b = b


class Unpicklable(Exception):
    def __init__(self):
        super().__init__("locked")
        self.lock = threading.Lock()


class Unshowable(Exception):
    def __str__(self):
        return "text"

    def __repr__(self):
        return "Unshowable!"


def chained():
    try:
        1 / 0
    except ZeroDivisionError as exc:
        raise RuntimeError("chained") from exc


def raiser(make):
    def run():
        raise make()

    return run


with Flow("exceptions") as flow:
    for name, make in dict(
        custom=lambda: Custom(1, 2),
        unpicklable=Unpicklable,
        unshowable=Unshowable,
        stop=lambda: StopIteration(5),
        group=lambda: OSError(2, "no", "file"),
        empty=lambda: Exception(),
        assertion=lambda: AssertionError("a"),
        cls=lambda: ValueError,
    ).items():
        task(raiser(make), name=name)()
    task(chained)()
    task(lambda x: x, name="bad inputs")(task(lambda: {}["k"], name="key")())
    task(lambda: undefined, name="name")()
