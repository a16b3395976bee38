"""Nested misuse of case."""

from prefect import Flow, case, task


@task
def one():
    return 1


with Flow("case-errors") as flow:
    x = one()
    with case(x, 1):
        one()
    with case(x, 2):
        pass


def attempt(call):
    try:
        return call()
    except Exception as exc:
        return exc


def enter(*args):
    with case(*args):
        return "entered"


def observe(flow, states):
    other = Flow("other")

    def elsewhere():
        with flow, case(x, 1), other:
            one.copy()()

    return [
        attempt(lambda: enter(1, 2)),
        attempt(lambda: enter(x, 1)),
        attempt(lambda: enter(x, x)),
        attempt(elsewhere),
    ]
