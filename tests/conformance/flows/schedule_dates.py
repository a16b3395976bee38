"""A flow on a schedule of a few dates runs once for each, with each clock's parameters."""

import pendulum
import prefect
from prefect import Flow, Parameter, task
from prefect.schedules import Schedule
from prefect.schedules.clocks import DatesClock

SEEN = []


@task
def note(p):
    SEEN.append([p, type(prefect.context.scheduled_start_time).__name__])


now = pendulum.now("utc")
clocks = [
    DatesClock([now.add(seconds=0.5)], parameter_defaults={"p": "first"}),
    DatesClock([now.add(seconds=1), now.subtract(days=1)], parameter_defaults={"p": "second"}),
]

with Flow("schedule-dates", schedule=Schedule(clocks=clocks)) as flow:
    note(Parameter("p", default="none"))


def execute(flow):
    once = flow.run(run_on_schedule=False)
    past = Schedule(clocks=[DatesClock([now.subtract(days=1)])])
    state = flow.run()
    flow.schedule = past
    try:
        flow.run()
    except Exception as exc:
        return [once, state, exc]
    return [once, state]


def observe(flow, states):
    return SEEN
