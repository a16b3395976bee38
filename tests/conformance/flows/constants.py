"""Constants: scalars, collections, callables, and tasks made of them."""

import datetime

from prefect import Flow, task
from prefect.tasks.core.constants import Constant
from prefect.utilities.tasks import as_task


@task
def show(x):
    return repr(x)


with Flow("constants") as flow:
    show(1)
    show("text")
    show(None)
    show([1, {"a": (2,)}])
    show(datetime.date(2020, 1, 1))
    show(Constant(5))
    c = Constant([1, 2], name="two")
    show(c)
    show.map(c)
    as_task(3)
    as_task([c, 4])
    flow.add_task(Constant("alone"))
