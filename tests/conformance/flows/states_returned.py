"""States that tasks return as values."""

from prefect import Flow, task
from prefect.engine.state import Failed, Success


@task
def ret():
    return Success("returned", result=5)


@task
def retf():
    return Failed("returned failed", result=6)


@task
def use(x):
    return x


with Flow("states-returned") as flow:
    use(ret())
    use(retf())
    use.map([ret(task_args=dict(name="r2"))])
