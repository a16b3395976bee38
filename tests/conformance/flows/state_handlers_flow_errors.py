"""Handlers of a flow that raise, signal and replace."""

from prefect import Flow, task
from prefect.engine import signals
from prefect.engine.flow_runner import FlowRunner
from prefect.engine.state import Skipped


@task
def one():
    return 1


def make(name, handler=None, **kwargs):
    with Flow(name, state_handlers=[handler] if handler else None, **kwargs) as f:
        one()
    return f


def broken(f, old, new):
    raise ValueError("flow handler")


def late(f, old, new):
    if new.is_finished():
        raise ValueError("late flow handler")


def fail(f, old, new):
    if new.is_running():
        raise signals.FAIL("flow fail")


def skip(f, old, new):
    if new.is_running():
        return Skipped("flow skip")


def terminal(f, state, refs):
    raise ValueError("terminal broke")


flow = make("base")


def execute(flow):
    flows = [
        make("broken", broken),
        make("late", late),
        make("skip", skip),
        make("terminal", terminal_state_handler=terminal),
    ]
    return [FlowRunner(f).run(return_tasks=f.tasks) for f in [*flows, make("fail", fail)]]
