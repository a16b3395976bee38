"""What apply_map and map refuse."""

from prefect import Flow, Task, apply_map, flatten, mapped, task, unmapped


@task
def inc(x):
    return x + 1


def variable():
    class Var(Task):
        def run(self, *args):
            return args


flow = Flow("apply-map-errors")
inc.bind(1, flow=flow)


def attempt(call):
    try:
        return call()
    except Exception as exc:
        return exc


def observe(flow, states):
    return [
        attempt(lambda: inc.map([1])),
        attempt(lambda: inc(1)),
        attempt(lambda: apply_map(inc, [1])),
        attempt(lambda: inc.map([1], [2], flow=flow)),
        attempt(lambda: inc.bind(1, 2, flow=flow)),
        attempt(variable),
        attempt(lambda: task(lambda flow: 1)),
        attempt(lambda: list(inc)),
        attempt(lambda: Task(name="x", slug="y", timeout=1.5)),
        attempt(lambda: Task(max_retries=1)),
        attempt(lambda: Task(retry_on=ValueError)),
        attempt(lambda: Task(target="x")),
        attempt(lambda: Task(cache_validator=lambda *a: True)),
        attempt(lambda: Task(result=lambda: 1)),
        attempt(lambda: Task(tags="abc")),
        attempt(lambda: Task(state_handlers=lambda *a: None)),
        attempt(lambda: Task(retry_delay=1)),
        attempt(lambda: Flow("")),
        attempt(lambda: Flow("x", state_handlers=lambda *a: None)),
        attempt(lambda: unmapped(mapped(inc)).__class__.__name__),
        attempt(lambda: flatten(mapped([1])).flattened),
    ]
