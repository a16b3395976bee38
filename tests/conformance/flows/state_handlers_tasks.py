"""Handlers see each change once, in order, and may replace the state."""

from datetime import timedelta

from prefect import Flow, task
from prefect.engine.state import Failed, Success

SEEN = []


def watch(t, old, new):
    SEEN.append([t.name, type(old).__name__, type(new).__name__, new.message])


def second(t, old, new):
    SEEN.append(["second", t.name, type(new).__name__])
    return new


def replace(t, old, new):
    if new.is_failed():
        return Success("replaced", result="saved")
    if new.is_successful():
        return Failed("swapped")


@task(state_handlers=[watch, second])
def plain(x):
    return x


@task(state_handlers=[replace, watch])
def swapped():
    return 1


@task(state_handlers=[watch, replace])
def saved():
    raise ValueError("lost")


@task(state_handlers=[watch], max_retries=1, retry_delay=timedelta(0))
def retried():
    raise ValueError("again")


with Flow("state-handlers-tasks") as flow:
    plain.map([1, 2], task_args=dict(name="plain mapped"))
    plain(swapped(), task_args=dict(name="plain swapped"))
    plain(saved(), task_args=dict(name="plain saved"))
    retried()


def observe(flow, states):
    return sorted(SEEN, key=lambda line: line[1] if line[0] == "second" else line[0])
