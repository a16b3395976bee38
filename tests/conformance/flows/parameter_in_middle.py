"""A parameter that is indexed; parameters can't have upstream tasks."""

from prefect import Flow, Parameter, task


@task
def say(x):
    return "said {}".format(x)


with Flow("parameter-in-middle") as flow:
    first = say("hi")
    p = Parameter("p", default={"a": [1, 2, 3]})
    say(p["a"][1])


def observe(flow, states):
    try:
        p.set_upstream(first, flow=flow)
    except ValueError as exc:
        return exc
