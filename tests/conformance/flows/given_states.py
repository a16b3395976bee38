"""task_states, task_contexts and the flow's initial state."""

import pendulum
import prefect
from prefect import Flow, task
from prefect.engine import state
from prefect.engine.flow_runner import FlowRunner
from prefect.engine.result import Result


@task
def one():
    return prefect.context.get("given", 1)


@task
def inc(x):
    return x + 1


with Flow("given-states") as flow:
    a = one()
    b = inc(a)
    c = inc(b)
    d = inc.map([1, 2])


def execute(flow):
    def run(**kwargs):
        return FlowRunner(flow).run(return_tasks=[a, b, c, d], **kwargs)

    later = pendulum.now("utc").add(days=1)
    return [
        run(task_states={a: state.Success(result=10)}),
        run(task_states={b: state.Failed("given failure")}),
        run(
            task_states={
                a: state.Running("stuck"),
                c: state.Submitted(state=state.Pending("inner")),
            }
        ),
        run(task_states={a: state.Scheduled(start_time=later), d: state.Skipped("no")}),
        run(task_states={a: state.Retrying(start_time=pendulum.datetime(2020, 1, 1), run_count=4)}),
        run(task_states={b: state.Pending(cached_inputs={"x": Result(100)})}),
        run(task_contexts={a: {"given": 50}}),
        run(state=state.Scheduled(start_time=later)),
        run(state=state.Success("done")),
        run(state=state.Running("going")),
        run(state=state.Submitted(state=state.Pending("wrapped"))),
        run(state=state.Queued(state=state.Pending("wrapped"))),
        run(state=state.Cancelled("stopped")),
        run(task_states={d: state.Mapped("m", map_states=[state.Success(result=5), None])}),
        run(task_states={a: state.Mapped("m", map_states=[state.Success(result=5)])}),
    ]
