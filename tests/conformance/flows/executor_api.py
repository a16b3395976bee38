"""submit and wait of the executor itself, with futures among the arguments."""

from prefect import Flow

with Flow("executor-api") as flow:
    pass


def execute(flow):
    return None


def add(x, y=1):
    return x + y


def observe(flow, states):
    from prefect.engine import get_default_executor_class

    e = get_default_executor_class()()
    with e.start():
        f = e.submit(add, 1)
        g = e.submit(add, f, y=f)
        h = [e.submit(add, i) for i in range(3)]
        k = e.submit(sum, h)
        out = [e.wait([f, g]), e.wait(h), e.wait(k), e.wait({"a": f})]
    return out
