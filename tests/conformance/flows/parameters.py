"""Parameters with defaults, given by dictionary and by keyword, over several runs."""

from prefect import Flow, Parameter, task


@task
def join(a, b, c):
    return "{}-{}-{}".format(a, b, c)


with Flow("parameters") as flow:
    a = Parameter("a")
    b = Parameter("b", default="bee")
    c = Parameter("c", default=None, tags=["late"])
    join(a, b, c)

runs = [
    {"parameters": {"a": 1}},
    {"a": 2, "b": 3},
    {"parameters": {"a": 4, "c": [5]}, "b": {"k": 6}},
]
