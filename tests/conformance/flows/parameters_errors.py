"""Missing, unknown and doubled parameters."""

from prefect import Flow, Parameter, task


@task
def same(x):
    return x


with Flow("parameters-errors") as flow:
    same(Parameter("x"))


def attempt(call):
    try:
        return call()
    except Exception as exc:
        return exc


def execute(flow):
    other = Parameter("x", default=2)
    return [
        attempt(lambda: flow.run()),
        attempt(lambda: flow.run(x=1, y=2)),
        attempt(lambda: flow.run(parameters={"x": 1, "z": 2})),
        attempt(lambda: flow.add_task(other)),
        attempt(lambda: flow.run(x=1, return_tasks=[])),
        attempt(lambda: Parameter("p", required=True, default=3)),
        attempt(lambda: flow.run(x=1)),
    ]


def observe(flow, states):
    p = Parameter("p", default=3)
    q = Parameter("q", default=None)
    r = Parameter("r", default=1, required=False)
    return [[x.name, x.default, x.required, x.slug, repr(x), sorted(x.tags)] for x in (p, q, r)] + [
        Parameter("n").default.__class__.__name__
    ]
