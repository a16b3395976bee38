"""Debugging: raise_on_exception lets errors out."""

from prefect import Flow, task
from prefect.engine import signals
from prefect.utilities.debug import is_serializable, raise_on_exception


@task
def bad():
    raise ValueError("bad")


@task
def sig():
    raise signals.FAIL("signal")


def make(t, **kwargs):
    with Flow("raise", **kwargs) as f:
        t()
    return f


def handler(f, old, new):
    raise KeyError("handler")


flow = make(bad)


def attempt(call):
    try:
        with raise_on_exception():
            return call()
    except BaseException as exc:
        return exc


def observe(flow, states):
    return [
        attempt(lambda: make(bad).run()),
        type(attempt(lambda: make(sig).run())).__name__,
        attempt(lambda: make(sig, state_handlers=[handler]).run()),
        is_serializable(flow),
        is_serializable((i for i in [1])),
    ]
