"""Tags by argument, decorator, context manager; they travel in the states' contexts."""

import prefect
from prefect import Flow, Parameter, tags, task


@task(tags=["own"])
def mine():
    return sorted(prefect.context.task_tags)


@task
def plain():
    return sorted(prefect.context.task_tags)


with Flow("tags") as flow:
    with tags("outer", "two"):
        mine()
        with tags("inner"):
            plain()
            Parameter("p", default=1)
        plain(task_args=dict(tags=["given"]))
    plain(task_args=dict(name="untagged"))


def observe(flow, states):
    return [
        sorted(t.slug or "" for t in flow.get_tasks(tags=["outer"])),
        len(flow.get_tasks(tags=["outer", "inner"])),
        len(flow.get_tasks(task_type=Parameter)),
        len(flow.get_tasks()),
        sorted(t.name for t in flow.get_tasks(slug="plain-1")),
    ]
