"""Edges: equality, hash, order, keys, representations."""

from prefect import Flow, Task
from prefect.core.edge import Edge

flow = Flow("edges-api")


class T(Task):
    def run(self, x=None):
        return x


def attempt(call):
    try:
        return call()
    except Exception as exc:
        return exc


def observe(flow, states):
    a, b = T(name="a"), T(name="b")
    e, f, g = Edge(a, b), Edge(a, b, key="x"), Edge(a, b, key="x", mapped=True)
    return [
        repr(e),
        repr(f),
        repr(g),
        e == Edge(a, b),
        e == f,
        f == g,
        len({e, f, g, Edge(a, b)}),
        f.key,
        g.mapped,
        g.flattened,
        attempt(lambda: Edge(a, b, key="no way")),
        attempt(lambda: Edge(a, b, key="1x")),
        sorted(t.name for t in e.tasks),
        len(Edge(a, b, flattened=True).serialize()) > 0,
        e == 1,
        attempt(lambda: Edge(a, b, key=5)),
    ]
