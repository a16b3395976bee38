"""A TaskRunner subclass that overrides steps, with its own state handlers."""

from prefect import Flow, task
from prefect.engine.flow_runner import FlowRunner
from prefect.engine.runner import ENDRUN, call_state_handlers
from prefect.engine.state import Failed, Success
from prefect.engine.task_runner import TaskRunner

SEEN = []


class Runner(TaskRunner):
    def initialize_run(self, state, context):
        SEEN.append(["initialize", self.task.name, context["task_full_name"], context["map_index"]])
        context["from_runner"] = 5
        return super().initialize_run(state, context)

    @call_state_handlers
    def check_task_trigger(self, state, upstream_states):
        SEEN.append(["trigger", self.task.name, sorted(e.key or "" for e in upstream_states)])
        return super().check_task_trigger(state, upstream_states)

    @call_state_handlers
    def set_task_to_running(self, state, inputs):
        SEEN.append(["running", self.task.name, sorted((k, r.value) for k, r in inputs.items())])
        return super().set_task_to_running(state, inputs)

    @call_state_handlers
    def get_task_run_state(self, state, inputs):
        if self.task.name == "never":
            return Success("not really run", result=-1)
        if self.task.name == "end":
            raise ENDRUN(Failed("ended by runner"))
        return super().get_task_run_state(state, inputs)

    def get_task_inputs(self, state, upstream_states):
        inputs = super().get_task_inputs(state, upstream_states)
        SEEN.append(
            [
                "inputs",
                self.task.name,
                sorted(inputs),
                sorted({type(r).__name__ for r in inputs.values()}),
            ]
        )
        return inputs


@task
def give(x):
    return x


@task
def never(x):
    return x


@task
def end(x):
    return x


@task
def inc(x, y=1):
    return x + y


with Flow("custom-task-runner") as flow:
    n = never(give(1))
    end(n)
    inc.map([1, 2], y=[3, 4])
    inc(n)


def execute(flow):
    return FlowRunner(flow, task_runner_cls=Runner).run(return_tasks=flow.tasks)


def observe(flow, states):
    return sorted(SEEN, key=lambda line: line[1])
