"""flow.run inside its own context manager, and while a flow file is loaded."""

import prefect
from prefect import Flow, task


@task
def one():
    return 1


with Flow("inside") as flow:
    one()
    try:
        flow.run()
    except RuntimeError as exc:
        ERROR = exc


def execute(flow):
    with prefect.context(loading_flow=True):
        nothing = flow.run()
    return [nothing, flow.run(run_on_schedule=False)]


def observe(flow, states):
    return ERROR
