"""flow.serialize: tasks, edges, parameters, reference tasks."""

import json
from datetime import timedelta

from prefect import Flow, Parameter, task, unmapped
from prefect.triggers import all_finished


@task(
    max_retries=2,
    retry_delay=timedelta(seconds=5),
    timeout=10,
    tags=["t"],
    trigger=all_finished,
    slug="slugged",
)
def inc(x, y: int = 1) -> int:
    return x + y


with Flow("serialize") as flow:
    p = Parameter("p", default=[1, 2])
    q = Parameter("q")
    a = inc(q)
    m = inc.copy().map(p, y=unmapped(a))
    flow.set_reference_tasks([a])


run_kwargs = {"q": 1}
KEYS = {
    "name",
    "type",
    "slug",
    "max_retries",
    "retry_delay",
    "timeout",
    "tags",
    "trigger",
    "mapped",
    "flattened",
    "key",
    "required",
    "default",
    "auto_generated",
    "is_mapped",
    "skip_on_upstream_skip",
    "inputs",
    "outputs",
    "upstream_task",
    "downstream_task",
    "cache_for",
    "cache_key",
    "cache_validator",
    "fn",
    "kwargs",
    "target",
}


def pick(d):
    if isinstance(d, dict):
        return {k: pick(v) for k, v in sorted(d.items()) if k in KEYS}
    return [pick(x) for x in d] if isinstance(d, list) else d


def observe(flow, states):
    blob = json.loads(json.dumps(flow.serialize()))
    tasks = sorted((pick(t) for t in blob["tasks"]), key=lambda t: t["slug"])
    edges = sorted((pick(e) for e in blob["edges"]), key=str)
    return [
        tasks,
        edges,
        pick(blob["parameters"]),
        pick(blob["reference_tasks"]),
        blob["name"],
        blob["type"],
        blob["schedule"],
        sorted(blob),
    ]
