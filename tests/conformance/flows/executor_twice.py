"""One executor for several runs of a flow."""

from prefect import Flow, task


@task
def inc(x):
    return x + 1


with Flow("executor-twice") as flow:
    inc.map(inc.map([1, 2]))


def execute(flow):
    from prefect.engine import get_default_executor_class

    e = get_default_executor_class()()
    out = [flow.run(executor=e), flow.run(executor=e)]
    flow.executor = e
    out.append(flow.run())
    return out
