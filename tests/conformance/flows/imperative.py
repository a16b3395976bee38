"""A flow built without a context: set_upstream, set_downstream, set_dependencies, chain."""

from prefect import Flow, Task


class Named(Task):
    def run(self, x=None, y=None):
        return "{}({},{})".format(self.name, x, y)


a, b, c, d, e, f = (Named(name=n) for n in "abcdef")
flow = Flow("imperative", tasks=[f])
b.set_upstream(a, flow=flow)
b.set_downstream(c, flow=flow)
c.set_upstream(a, key="x", flow=flow)
d.set_dependencies(
    flow=flow, upstream_tasks=[c], downstream_tasks=[e], keyword_tasks=dict(x=a, y=5)
)
flow.chain(e, f)
e.bind(y=[a, 1], flow=flow)
g = Named(name="g")
flow.add_edge(d, g, key="x")
flow.set_dependencies(g, upstream_tasks=[f], keyword_tasks={"y": 3})
flow.add_edge(a, Named(name="h"), key="x", mapped=True)


def observe(flow, states):
    return [
        sorted(t.name for t in flow.upstream_tasks(d)),
        sorted(t.name for t in flow.downstream_tasks(a)),
        sorted(map(str, flow.edges_to(c))),
        sorted(map(str, flow.edges_from(a))),
        [t.name for t in flow.sorted_tasks(root_tasks=[e])],
        {k: sorted(map(str, v)) for k, v in flow.all_upstream_edges().items()} != {},
        len(flow.all_downstream_edges()),
        repr(flow),
        repr(a),
    ]
