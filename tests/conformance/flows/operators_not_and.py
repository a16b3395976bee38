"""Boolean operator tasks, attribute access and comparisons with constants."""

from prefect import Flow, task
from prefect.tasks.core import operators


@task
def give(x):
    return x


with Flow("operators-more") as flow:
    a, b = give(True), give(0)
    operators.And()(a, b)
    operators.Or()(a, b)
    operators.Not()(b)
    operators.GetAttr()(give(3 + 4j), "imag")
    operators.GetAttr(default="none")(give(1), "missing")
    operators.GetAttr()(give(1), "missing", task_args=dict(name="missing attribute"))
    operators.GetItem()(give([1]), 5)
    give("text") == "text"
