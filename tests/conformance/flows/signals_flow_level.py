"""ENDRUN and signals raised by resource tasks, nested flows run from tasks."""

import prefect
from prefect import Flow, task


@task
def inner_task(x):
    return x + 1


with Flow("inner") as inner:
    i = inner_task(1)
    inner_task.map([1, 2])


@task
def run_inner():
    state = inner.run()
    return [
        type(state).__name__,
        state.result[i].result,
        prefect.context.flow_name,
        prefect.context.task_name,
    ]


@task
def make_and_run(x):
    with Flow("made") as made:
        m = inner_task(x)
    return made.run().result[m].result


with Flow("outer") as flow:
    run_inner()
    make_and_run.map([1, 2])
