"""on_failure callbacks of tasks and flows."""

from datetime import timedelta

from prefect import Flow, task

SEEN = []


def note(thing, state):
    SEEN.append([thing.name, type(state).__name__, state.message])


@task(on_failure=note)
def bad():
    raise ValueError("bad")


@task(on_failure=note)
def good():
    return 1


@task(on_failure=note, max_retries=1, retry_delay=timedelta(0))
def again():
    raise ValueError("again")


@task(on_failure=note)
def downstream(x):
    return x


with Flow("on-failure", on_failure=note) as flow:
    downstream(bad())
    good()
    again()


def observe(flow, states):
    return sorted(SEEN, key=str)
