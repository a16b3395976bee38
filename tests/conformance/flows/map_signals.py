"""Each child raises another signal."""

from prefect import Flow, task
from prefect.engine import signals
from prefect.engine.state import Failed


@task
def act(name):
    if name == "fail":
        raise signals.FAIL("failed", result=[1])
    if name == "success":
        raise signals.SUCCESS("fine", result=2)
    if name == "skip":
        raise signals.SKIP("skipped", result=3)
    if name == "validation":
        raise signals.VALIDATIONFAIL("invalid")
    if name == "trigger":
        raise signals.TRIGGERFAIL("triggered")
    if name == "state":
        raise signals.signal_from_state(Failed("by state"))("signal of state")
    if name == "endrun":
        raise signals.ENDRUN(Failed("ended"))
    return name


with Flow("map-signals") as flow:
    act.map(["fail", "success", "skip", "validation", "trigger", "state", "endrun", "none"])
