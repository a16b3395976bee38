"""some_successful and some_failed with counts and shares, and triggers of users."""

from prefect import Flow, task
from prefect.engine import signals
from prefect.triggers import some_failed, some_successful


@task
def good():
    return 1


@task
def bad():
    raise ValueError("bad")


def mine(upstream_states):
    if len(upstream_states) != 3:
        raise signals.TRIGGERFAIL("not three")
    return True


def lazy(upstream_states):
    return False


def broken(upstream_states):
    raise ZeroDivisionError("in trigger")


def skipping(upstream_states):
    raise signals.SKIP("by trigger")


TRIGGERS = dict(
    s1=some_successful(at_least=1),
    s2=some_successful(at_least=2),
    s_share=some_successful(at_least=0.5),
    s_most=some_successful(at_most=1),
    s_both=some_successful(at_least=1, at_most=0.9),
    s_none=some_successful(),
    f1=some_failed(at_least=1),
    f2=some_failed(at_least=2),
    f_share=some_failed(at_most=0.25),
    f_most=some_failed(at_most=2),
    mine=mine,
    lazy=lazy,
    broken=broken,
    skipping=skipping,
)

with Flow("triggers-some") as flow:
    members = [good(), bad(), good()]
    for name, trigger in TRIGGERS.items():
        flow.set_dependencies(
            task(lambda: "ran", name=name, trigger=trigger), upstream_tasks=members
        )
    for name in ("s1", "f1", "s_share"):
        flow.add_task(task(lambda: "ran", name="root " + name, trigger=TRIGGERS[name]))
