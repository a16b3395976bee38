"""Functions, classes and tables of the flow's module, used in tasks."""

from prefect import Flow, task

TABLE = {"a": 1}


class Box:
    def __init__(self, v):
        self.v = v

    def __eq__(self, o):
        return isinstance(o, Box) and self.v == o.v

    def __hash__(self):
        return 1


def helper(x):
    return TABLE["a"] + x


@task
def use(x):
    return helper(x)


@task
def box(x):
    return Box(x)


@task
def unbox(b):
    return [b.v, isinstance(b, Box)]


with Flow("module-globals") as flow:
    TABLE["a"] = 2
    unbox(box(use(1)))
    unbox.map(box.map(use.map([1, 2])))
