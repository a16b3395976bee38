"""return_tasks of a FlowRunner: some, none, and foreign ones."""

from prefect import Flow, task
from prefect.engine.flow_runner import FlowRunner


@task
def inc(x):
    return x + 1


with Flow("return-tasks") as flow:
    a = inc(1)
    b = inc(a)
    m = inc.map([a, b])


def execute(flow):
    foreign = inc.copy()
    return [FlowRunner(flow).run(return_tasks=r) for r in ([a], [a, m], [], None, {b}, [foreign])]
