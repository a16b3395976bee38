"""All operators on tasks."""

from prefect import Flow, Parameter, task


@task
def give(x):
    return x


with Flow("operators") as flow:
    x, y = Parameter("x", default=7), Parameter("y", default=2)
    out = [
        x + y,
        x - y,
        x * y,
        x / y,
        x // y,
        x % y,
        x**y,
        1 + x,
        1 - x,
        2 * x,
        1 / x,
        100 // x,
        100 % x,
        2**x,
        x == y,
        x != y,
        x > y,
        x >= y,
        x < y,
        x <= y,
        x & y,
        True & x,
        x | give(1),
        x | give(2) | give(3),
        4 | give(5),
        give({"k": [1, 2]})["k"][0],
        give({"k": 1})[give("k")],
    ]
