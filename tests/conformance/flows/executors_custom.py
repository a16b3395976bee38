"""An executor given to the run, set on the flow, by class; and one that counts."""

from prefect import Flow, task
from prefect.executors import LocalExecutor
from prefect.executors.base import Executor

SEEN = []


class Counting(LocalExecutor):
    def submit(self, fn, *args, extra_context=None, **kwargs):
        told = extra_context or {}
        SEEN.append([fn.__name__, told["task_name"], sorted(told["task_tags"]), told["task_index"]])
        return super().submit(fn, *args, **kwargs)

    def start(self):
        SEEN.append("start")
        return super().start()


@task
def inc(x):
    return x + 1


with Flow("executors") as flow:
    inc(inc.map([1, 2])[0])


def execute(flow):
    states = [flow.run(executor=Counting())]
    flow.executor = Counting()
    states.append(flow.run())
    flow.executor = None
    states.append(flow.run())
    return states


def observe(flow, states):
    ex = LocalExecutor()
    with ex.start():
        f = ex.submit(lambda x, y=1: x + y, 1, y=5)
        return [SEEN, f, ex.wait([f, 2]), repr(ex), Executor().__class__.__name__]
