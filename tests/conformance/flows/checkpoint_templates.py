"""Locations filled from context, inputs and parameters at write time."""

import os

from prefect import Flow, Parameter, task
from prefect.engine.results import LocalResult

config = {"flows.checkpointing": True}


def local(location):
    return LocalResult(dir="out", location=location, validate_dir=True)


with Flow("checkpoint-templates") as flow:
    p = Parameter("p", default="P")
    locations = dict(
        a="{flow_name}/{task_name}/{x}.pkl",
        b="{task_full_name}-{map_index}-{task_slug}.pkl",
        c="{p}/{parameters[p]}.pkl",
        d="{date:%Y}/{today_nodash}.pkl",
        e="{task_run_count}-{task_tags}.pkl",
        f="{user}.pkl",
        g="{unknown}.pkl",
        h="plain",
    )
    for name, location in locations.items():
        t = task(lambda x: x, name=name, result=local(location))
        t("X")
        t.copy(name=name + "m").map(["u", "v"])
    call = task(
        lambda x: x,
        name="call",
        result=LocalResult(dir="out", location=lambda **kw: "call-{}.pkl".format(kw["x"])),
    )
    call.map([1, 2])
    default = task(lambda x: x, name="default", result=LocalResult(dir="default"))
    default(p)

run_kwargs = {"context": {"user": "me"}}


def observe(flow, states):
    found = sorted(os.path.join(d, f) for d, _, fs in os.walk("out") for f in fs)
    default = [f[:15] for f in os.listdir("default")]
    return [[f for f in found if "/20" not in f], len(default), default[0][:14]]
