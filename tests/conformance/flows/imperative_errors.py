"""Cycles, doubled edges and keys, foreign tasks."""

from prefect import Flow, Task


class T(Task):
    def run(self, x=None):
        return x


flow = Flow("imperative-errors")
a, b, c = T(name="a"), T(name="b", slug="bee"), T(name="c")
flow.add_edge(a, b, key="x")
flow.add_edge(b, c)


def attempt(call):
    try:
        return call()
    except Exception as exc:
        return exc


def observe(flow, states):
    return [
        attempt(lambda: flow.add_edge(c, a, validate=True)),
        attempt(lambda: flow.remove_task(c) if hasattr(flow, "remove_task") else None),
        attempt(lambda: flow.add_edge(c, b, key="x")),
        attempt(lambda: flow.add_edge(c, b, key="wrong name")),
        attempt(lambda: flow.add_edge(c, b, key="nokey")),
        attempt(lambda: flow.add_task("a")),
        attempt(lambda: flow.add_task(T(name="b", slug="bee"))),
        attempt(lambda: flow.set_reference_tasks([T(name="z")])),
        attempt(lambda: flow.upstream_tasks(T(name="z"))),
        attempt(lambda: flow.get_tasks(name="a")[0].name),
        attempt(lambda: flow.get_tasks(name="zz")),
        attempt(lambda: flow.replace(T(name="z"), a)),
        attempt(lambda: flow.validate()),
        attempt(lambda: a.set_upstream(b)),
        attempt(lambda: flow.set_dependencies(a, keyword_tasks={"nope": b}, validate=True)),
        len(flow.tasks),
        len(flow.edges),
    ]
