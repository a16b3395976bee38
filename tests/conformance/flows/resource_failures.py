"""Failures in init, setup, body and cleanup."""

from prefect import Flow, resource_manager, task


@resource_manager(
    name="thing", init_task_kwargs=dict(name="start"), cleanup_task_kwargs=dict(tags=["clean"])
)
class Thing:
    def __init__(self, fail=None):
        self.fail = fail
        if fail == "init":
            raise ValueError("init failed")

    def setup(self):
        if self.fail == "setup":
            raise ValueError("setup failed")
        return self.fail

    def cleanup(self, thing):
        if self.fail == "cleanup":
            raise ValueError("cleanup failed")


@resource_manager
class Small:
    def setup(self):
        return 1


@task
def body(thing):
    if thing == "body":
        raise ValueError("body failed")
    return thing


with Flow("resource-failures") as flow:
    for where in ("init", "setup", "body", "cleanup"):
        with Thing(where) as thing:
            body(thing)


def observe(flow, states):
    out = []
    for call in (lambda: Small(), lambda: resource_manager(5), lambda: Thing.__class__.__name__):
        try:
            out.append(call())
        except Exception as exc:
            out.append(exc)
    return out
