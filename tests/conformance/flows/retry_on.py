"""retry_on: one type, several, and one that doesn't match."""

from datetime import timedelta

from prefect import Flow, task
from prefect.engine.signals import FAIL


def raiser(exc):
    def run():
        raise exc

    return run


with Flow("retry-on") as flow:
    d = timedelta(0)
    for name, exc, on in [
        ("match", ValueError("v"), ValueError),
        ("subclass", KeyError("k"), LookupError),
        ("several", KeyError("k"), [ValueError, KeyError]),
        ("other", TypeError("t"), (ValueError, KeyError)),
        ("signal", FAIL("f"), ValueError),
    ]:
        flow.add_task(task(raiser(exc), name=name, max_retries=1, retry_delay=d, retry_on=on))
