"""A resource that mapped children use, and one whose setup fails."""

from prefect import Flow, resource_manager, task, unmapped


@resource_manager
class R:
    def __init__(self, n, fail=False):
        self.n, self.fail = n, fail

    def setup(self):
        if self.fail:
            raise RuntimeError("setup")
        return {"n": self.n}

    def cleanup(self, r):
        return r["n"]


@task
def use(r, x):
    if x == 2:
        raise ValueError("two")
    return r["n"] + x


@task
def make():
    return 10


with Flow("resource-mapped") as flow:
    with R(make()) as r:
        use.map(unmapped(r), [1, 2, 3])
    with R(1, fail=True) as r2:
        use(r2, 1)
