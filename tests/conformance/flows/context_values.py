"""What tasks find in context: dates, names, parameters, users' values, config."""

import prefect
from prefect import Flow, Parameter, task

NAMES = [
    "flow_name",
    "task_name",
    "task_full_name",
    "task_slug",
    "task_run_count",
    "map_index",
    "parameters",
    "checkpointing",
    "user",
    "nested",
    "resume",
    "task_loop_count",
    "raise_on_exception",
    "task_id",
    "task_run_id",
    "flow_run_id",
    "flow_id",
    "task_index",
    "running_with_backend",
]


@task
def look():
    c = prefect.context
    found = {n: c.get(n, "<absent>") for n in NAMES}
    return {n: sorted(v.items()) if n == "parameters" else v for n, v in found.items()}


@task
def dates():
    c = prefect.context
    d = c.date
    return [
        c.today == d.strftime("%Y-%m-%d"),
        c.today_nodash == d.strftime("%Y%m%d"),
        c.yesterday < c.today < c.tomorrow,
        c.yesterday_nodash < c.today_nodash < c.tomorrow_nodash,
        type(c.scheduled_start_time).__name__,
        type(d).__name__,
        c.config.flows.checkpointing,
        "logger" in c,
        sorted(c.task_tags),
        type(c.config).__name__,
    ]


@task
def keys():
    return sorted(k for k in prefect.context.keys() if k != "config")


with Flow("context") as flow:
    flow.add_task(Parameter("p", default=5))
    flow.add_task(Parameter("q", default=[6]))
    look()
    dates()
    keys()


def execute(flow):
    with prefect.context(user="outer", nested={"a": 1}):
        return [flow.run(), flow.run(context={"user": "inner", "nested": {"b": 2}}, q=1)]
