"""A FlowRunner subclass given as runner_cls."""

from prefect import Flow, task
from prefect.engine.flow_runner import FlowRunner
from prefect.engine.runner import call_state_handlers
from prefect.engine.state import Skipped, Success

SEEN = []


class Runner(FlowRunner):
    def initialize_run(self, state, task_states, context, task_contexts, parameters):
        SEEN.append(
            ["initialize", sorted(context), sorted(t.name for t in task_contexts), parameters]
        )
        out = super().initialize_run(
            state=state,
            task_states=task_states,
            context=context,
            task_contexts=task_contexts,
            parameters=parameters,
        )
        SEEN.append(
            [type(out).__name__, list(out._fields), sorted(t.name for t in out.task_contexts)]
        )
        return out

    @call_state_handlers
    def set_flow_to_running(self, state):
        SEEN.append(["running", type(state).__name__])
        return super().set_flow_to_running(state)

    def determine_final_state(self, state, key_states, return_states, terminal_states):
        SEEN.append(["final", len(key_states), len(return_states), len(terminal_states)])
        out = super().determine_final_state(state, key_states, return_states, terminal_states)
        return Success("as I say", result=out.result) if out.is_failed() else out


@task
def bad():
    raise ValueError("bad")


with Flow("custom-flow-runner") as flow:
    bad()


def execute(flow):
    return [flow.run(runner_cls=Runner), flow.run(runner_cls=Runner, state=Skipped("already"))]


def observe(flow, states):
    return [line for line in SEEN if line[0] != "initialize"]
