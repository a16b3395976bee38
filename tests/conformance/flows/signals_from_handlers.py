"""Signals and errors raised by state handlers of tasks."""

from prefect import Flow, task
from prefect.engine import signals


def on(kind, make):
    def handler(t, old, new):
        if type(new).__name__ == kind:
            raise make()
        return new

    return handler


with Flow("signals-from-handlers") as flow:
    cases = {
        "fail on running": on("Running", lambda: signals.FAIL("no running")),
        "fail on success": on("Success", lambda: signals.FAIL("no success")),
        "skip on running": on("Running", lambda: signals.SKIP("skip it")),
        "pause on success": on("Success", lambda: signals.PAUSE("wait")),
        "error on running": on("Running", lambda: ValueError("bad handler")),
        "error on success": on("Success", lambda: ValueError("bad handler")),
        "endrun": on(
            "Running",
            lambda: signals.ENDRUN(
                state=__import__("prefect").engine.state.Success("ended", result=3)
            ),
        ),
    }
    for name, handler in cases.items():
        flow.add_task(task(lambda: 1, name=name, state_handlers=[handler]))


def execute(flow):
    from prefect.engine.flow_runner import FlowRunner

    return FlowRunner(flow).run(return_tasks=flow.tasks)
