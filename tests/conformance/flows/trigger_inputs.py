"""What a task gets from failed and skipped upstream tasks when its trigger lets it run."""

from prefect import Flow, task
from prefect.engine.signals import FAIL, SKIP
from prefect.triggers import all_finished, always_run


@task
def bad():
    raise KeyError("key")


@task
def failing():
    raise FAIL("with result", result={"partial": 1})


@task
def skipping():
    raise SKIP("with result", result=[1])


@task(trigger=all_finished, skip_on_upstream_skip=False)
def show(x):
    return repr(x)


@task(trigger=always_run)
def stop(x):
    return repr(x)


with Flow("trigger-inputs") as flow:
    for t in (bad, failing, skipping):
        x = t()
        show(x)
        stop(x)
