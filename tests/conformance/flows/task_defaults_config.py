"""Defaults of tasks from config: retries, delays, timeouts, logs."""

from datetime import timedelta

from prefect import Flow, Task, task
from prefect.utilities.configuration import set_temporary_config

with set_temporary_config(
    {
        "tasks.defaults.max_retries": 2,
        "tasks.defaults.retry_delay": timedelta(0),
        "tasks.defaults.timeout": 30,
    }
):
    configured = Task(name="configured")

    @task
    def bad():
        raise ValueError("bad")

    with Flow("task-defaults") as flow:
        bad()


def observe(flow, states):
    plain = Task()
    return [
        [t.max_retries, t.retry_delay, t.timeout, t.slug, t.checkpoint] for t in (configured, plain)
    ]
