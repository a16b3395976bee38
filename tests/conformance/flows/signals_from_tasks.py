"""Each signal raised from a task, with results and states."""

import datetime

from prefect import Flow, task
from prefect.engine import signals, state
from prefect.engine.flow_runner import FlowRunner

SIGNALS = {
    "fail": lambda: signals.FAIL("f"),
    "fail result": lambda: signals.FAIL("f", result=1),
    "fail no message": lambda: signals.FAIL(),
    "trigger": lambda: signals.TRIGGERFAIL("t"),
    "validation": lambda: signals.VALIDATIONFAIL("v"),
    "success": lambda: signals.SUCCESS("s", result=5),
    "success plain": lambda: signals.SUCCESS(),
    "skip": lambda: signals.SKIP("k", result=6),
    "retry": lambda: signals.RETRY(
        "r", start_time=datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
    ),
    "retry plain": lambda: signals.RETRY(),
    "pause": lambda: signals.PAUSE("p"),
    "state": lambda: signals.PrefectStateSignal("plain"),
    "endrun": lambda: signals.ENDRUN(state.Success("end", result=7)),
    "of failed": lambda: signals.signal_from_state(state.Failed())("of"),
    "of skipped": lambda: signals.signal_from_state(state.Skipped())("of"),
}


def raiser(name):
    def run():
        raise SIGNALS[name]()

    return task(run, name=name)


with Flow("signals") as flow:
    for name in SIGNALS:
        flow.add_task(raiser(name))


def execute(flow):
    return FlowRunner(flow).run(return_tasks=flow.tasks)


def observe(flow, states):
    out = [
        [n, type(s().state).__name__ if n != "x" else 0, str(s()), repr(s())]
        for n, s in SIGNALS.items()
        if n != "state"
    ]
    for bad in (
        state.Running(),
        state.Pending(),
        state.Mapped(),
        state.Cached(),
        state.TimedOut(),
        state.Looped(),
        state.Cancelled(),
    ):
        try:
            out.append(
                type(signals.signal_from_state(bad)).__name__
                + signals.signal_from_state(bad).__name__
            )
        except Exception as exc:
            out.append(exc)
    return out
