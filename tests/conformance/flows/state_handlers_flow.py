"""Handlers of the flow, of the runners and the terminal state handler."""

from prefect import Flow, task
from prefect.engine.flow_runner import FlowRunner
from prefect.engine.state import Failed

SEEN = []


def flow_handler(f, old, new):
    SEEN.append(["flow", f.name, type(old).__name__, type(new).__name__, new.message])


def runner_handler(r, old, new):
    SEEN.append(["runner", type(r).__name__, type(old).__name__, type(new).__name__])
    return new


def task_runner_handler(r, old, new):
    SEEN.append(["task runner", r.task.name, type(old).__name__, type(new).__name__])


def terminal(f, state, reference_states):
    SEEN.append(["terminal", f.name, type(state).__name__, len(reference_states)])
    return Failed("terminal says no", result=state.result)


@task
def one():
    return 1


with Flow(
    "state-handlers-flow", state_handlers=[flow_handler], terminal_state_handler=terminal
) as flow:
    o = one()


def execute(flow):
    first = flow.run(task_runner_state_handlers=[task_runner_handler])
    runner = FlowRunner(flow, state_handlers=[runner_handler])
    second = runner.run(return_tasks=[o])
    return [first, second]


def observe(flow, states):
    return SEEN
