"""State handlers of mapped tasks that raise."""

from prefect import Flow, task


@task(state_handlers=[lambda t, o, n: 1 / 0 if n.is_running() else n])
def broken_handler(x):
    return x


@task
def g(x):
    return x


with Flow("state-handlers-broken-mapped") as flow:
    g.map(broken_handler.map([1, 2]))
    g(broken_handler(3))
