"""A skipped setup skips the rest; nested managers; mapped use."""

from prefect import Flow, case, resource_manager, task, unmapped
from prefect.engine.signals import SKIP


@resource_manager
class Session:
    def __init__(self, name, skip=False):
        self.name, self.skip = name, skip

    def setup(self):
        if self.skip:
            raise SKIP("no session")
        return self.name

    def cleanup(self, session):
        assert session == self.name


@task
def use(s, x):
    return "{}{}".format(s, x)


with Flow("resource-skip") as flow:
    with Session("a", skip=True) as a:
        use(a, 1)
    with Session("b") as b:
        with Session(b) as c:
            use.map(unmapped(c), [1, 2])
    with case(b, "nope"):
        with Session("d") as d:
            use(d, 4)
