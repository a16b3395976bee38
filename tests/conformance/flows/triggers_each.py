"""Every trigger, against all successful, all failed, mixed and skipped upstream tasks."""

from prefect import Flow, task, triggers
from prefect.engine.flow_runner import FlowRunner
from prefect.engine.signals import SKIP

NAMES = [
    "all_successful",
    "all_failed",
    "any_successful",
    "any_failed",
    "all_finished",
    "always_run",
    "not_all_skipped",
    "manual_only",
]


@task
def good():
    return 1


@task
def bad():
    raise ValueError("bad")


@task
def skip():
    raise SKIP("skip")


with Flow("triggers") as flow:
    g, b, s = good(), bad(), skip()
    for group, members in dict(good=[g], bad=[b], mixed=[g, b], skipped=[s], some=[g, s]).items():
        for name in NAMES:
            t = task(
                lambda: "ran",
                name="{} {}".format(name, group),
                trigger=getattr(triggers, name),
                skip_on_upstream_skip=False,
            )
            flow.set_dependencies(t, upstream_tasks=members)


def execute(flow):
    return FlowRunner(flow).run(return_tasks=flow.tasks)
