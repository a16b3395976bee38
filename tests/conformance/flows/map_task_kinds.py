"""Mapping a class task with attributes, with task_args and with a target key."""

from prefect import Flow, Task, tags, unmapped


class Power(Task):
    def __init__(self, exponent=2, **kwargs):
        self.exponent = exponent
        super().__init__(**kwargs)

    def run(self, x, exponent=None):
        return x ** (exponent or self.exponent)


with Flow("map-task-kinds") as flow:
    power = Power(3, name="cube", tags=["math"])
    with tags("outer"):
        a = power.map([1, 2, 3])
    b = power.map(a, exponent=unmapped(1), task_args=dict(name="same", tags=["x"]))
    power.map(x=b, exponent=[1, 2], upstream_tasks=[a])
