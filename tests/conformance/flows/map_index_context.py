"""Children see their index and names in context."""

import prefect
from prefect import Flow, task


@task(name="who", slug="whoami")
def who(x):
    c = prefect.context
    return [
        c.map_index,
        c.task_name,
        c.task_full_name,
        c.task_slug,
        c.task_run_count,
        sorted(c.task_tags),
    ]


@task
def alone():
    c = prefect.context
    return [c.map_index, c.task_name, c.task_full_name, c.task_slug, c.get("task_run_name")]


with Flow("map-index-context") as flow:
    who.map([1, 2])
    alone()
