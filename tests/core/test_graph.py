"""Questions about the graph: neighbours, ends, reference tasks, order, cycles, caching."""

from __future__ import annotations

import cloudpickle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefect_results import Flow, Task, resource_manager, task
from prefect_results.core import Edge
from prefect_results.core.graph import WatchedSet


def chain(length: int) -> tuple[Flow, list[Task]]:
    """A flow of tasks that run one after the other."""
    made = [Task(name=f"t{at}") for at in range(length)]
    flow = Flow("n")
    flow.chain(*made)
    return flow, made


def test_neighbours() -> None:
    """Edges and tasks directly beside a task; sets that can be changed without harm."""
    flow, (a, b, c) = chain(3)
    flow.add_edge(a, c, key=None)
    assert flow.edges_to(c) == {Edge(b, c), Edge(a, c)} and flow.edges_from(a) == {
        *(Edge(a, b), Edge(a, c))
    }
    assert flow.upstream_tasks(c) == {a, b} and flow.downstream_tasks(a) == {b, c}
    flow.edges_to(c).clear()
    assert flow.all_upstream_edges() == {a: set(), b: {Edge(a, b)}, c: flow.edges_to(c)}
    assert flow.all_downstream_edges()[c] == set()
    assert flow.root_tasks() == {a} and flow.terminal_tasks() == {c}


@pytest.mark.parametrize(
    "question", ["edges_to", "edges_from", "upstream_tasks", "downstream_tasks"]
)
def test_strangers_are_errors(question: str) -> None:
    """A task of another flow has no neighbours here."""
    with pytest.raises(ValueError, match='Task <Task: Task> was not found in Flow <Flow: name="n"'):
        getattr(Flow("n"), question)(Task())


def test_reference_tasks() -> None:
    """The terminal tasks, unless others are set; setting none gives the default back."""
    flow, (a, b, c) = chain(3)
    assert flow.reference_tasks() == {c}
    flow.set_reference_tasks([a, b])
    assert flow.reference_tasks() == {a, b}
    flow.set_reference_tasks([])
    assert flow.reference_tasks() == {c}
    with pytest.raises(ValueError, match="reference tasks must be part of the flow"):
        flow.set_reference_tasks([Task()])


def test_resource_tasks_do_not_decide() -> None:
    """Setting up and cleaning up are not what the flow is for."""

    @resource_manager
    class Resource:
        def setup(self) -> int:
            return 1

        def cleanup(self, value: int) -> None: ...

    @task
    def use(x): ...

    with Flow("n") as flow, Resource() as value:
        used = use(value)
    assert flow.reference_tasks() == {used} and used not in flow.terminal_tasks()


def test_tasks_are_sorted_as_they_were_added() -> None:
    """Among those that could run, the earlier one is first."""
    flow = Flow("n", tasks=[Task(name=name) for name in "abc"])
    assert [t.name for t in flow.sorted_tasks()] == list("abc") == [t.name for t in flow]


def test_the_order_is_that_of_repeated_rounds() -> None:
    """The rounds of Prefect 1.4.1: a task whose upstream was added later waits for the next."""
    a, b, c, d = (Task(name=name) for name in "abcd")
    flow = Flow("n", tasks=[a, b, c, d], edges=[Edge(c, a), Edge(a, b), Edge(b, d)])
    assert flow.sorted_tasks() == (c, a, b, d)
    flow = Flow("n", tasks=[a, b, c, d], edges=[Edge(d, c), Edge(c, b)])
    assert flow.sorted_tasks() == (a, d, c, b)


def test_sorting_from_roots() -> None:
    """Only the given tasks and what is downstream of them; strangers are errors."""
    flow, (a, b, c) = chain(3)
    d = flow.add_task(Task())
    assert flow.sorted_tasks([b]) == (b, c) and flow.sorted_tasks([b, d]) == (b, c, d)
    assert flow.sorted_tasks(root_tasks=iter([a])) == (a, b, c)
    with pytest.raises(ValueError, match="was not found in Flow"):
        flow.sorted_tasks([Task()])


def test_cycles_are_found() -> None:
    """By sorting, by validating, by serializing."""
    a, b, c = Task(), Task(), Task()
    flow = Flow("n", edges=[Edge(a, b), Edge(b, c), Edge(c, b)])
    for ask in (flow.sorted_tasks, flow.validate, flow.serialize):
        with pytest.raises(ValueError, match="Cycle found; flows must be acyclic!"):
            ask()
    with pytest.raises(ValueError, match="Cycle found"):
        flow.sorted_tasks([a])


def test_validation_finds_foreign_tasks() -> None:
    """Edges and reference tasks must be of this flow, whoever changed the sets."""
    flow, (a, b) = chain(2)
    flow.tasks.remove(a)
    with pytest.raises(ValueError, match="Some edges refer to tasks not contained in this flow"):
        flow.validate()
    flow, (a, b) = chain(2)
    flow.edges.add(Edge(b, Task()))
    with pytest.raises(ValueError, match="Some edges refer to tasks not contained in this flow"):
        flow.validate()
    flow = Flow("n", tasks=[a, b], reference_tasks=[a])
    flow.tasks.discard(a)
    with pytest.raises(ValueError, match="Some reference tasks are not contained in this flow"):
        flow.validate()


def test_the_sets_can_be_changed_and_replaced() -> None:
    """Prefect 1.4.1 let users do it, and noticed."""
    flow, (a, b, c) = chain(3)
    flow.edges.discard(Edge(b, c))
    assert flow.terminal_tasks() == {b, c} and flow.edges_to(c) == set()
    flow.edges = {Edge(a, c)}
    assert flow.upstream_tasks(c) == {a} and flow.sorted_tasks() == (a, b, c)
    flow.edges |= {Edge(b, c)}
    assert flow.upstream_tasks(c) == {a, b}
    flow.tasks = {a, c}
    flow.edges -= {Edge(b, c)}
    assert flow.sorted_tasks() == (a, c)


def test_watched_sets_look_like_sets() -> None:
    """They compare, print and copy as plain ones, and notice every change."""
    watched: WatchedSet[int] = WatchedSet([1])
    assert watched == {1} and repr(watched) == "{1}" and type(watched.copy()) is set
    assert not watched.changed
    watched.update([2])
    assert watched.changed and watched == {1, 2}
    assert cloudpickle.loads(cloudpickle.dumps(watched)) == {1, 2}


def test_answers_are_kept_until_something_changes() -> None:
    """The keys of the cache are those of Prefect 1.4.1; pickling keeps it."""
    flow, (a, b) = chain(2)
    answers = {
        ("_sorted_tasks", (("root_tasks", ()),)): (flow.sorted_tasks(), flow.sorted_tasks),
        ("root_tasks", ()): (flow.root_tasks(), flow.root_tasks),
        ("terminal_tasks", ()): (flow.terminal_tasks(), flow.terminal_tasks),
        ("all_upstream_edges", ()): (flow.all_upstream_edges(), flow.all_upstream_edges),
        ("all_downstream_edges", ()): (flow.all_downstream_edges(), flow.all_downstream_edges),
    }
    for key, (answer, ask) in answers.items():
        assert flow._cache[key] == answer
        flow._cache[key] = 1
        assert ask() == 1
    assert cloudpickle.loads(cloudpickle.dumps(flow)).sorted_tasks() == 1
    flow.add_edge(b, Task())
    assert flow.sorted_tasks()[:2] == (a, b)
    for change in (
        lambda: flow.add_task(Task()),
        lambda: flow.set_reference_tasks([a]),
        lambda: flow.replace(a, Task()),
        lambda: flow.tasks.add(Task()),
    ):
        flow._cache["x"] = 1
        change()
        flow.graph()
        assert "x" not in flow._cache


def test_long_chains_are_built_and_sorted_without_recursion() -> None:
    """Five thousand tasks in a row, pickled too."""
    flow, made = chain(5000)
    assert flow.sorted_tasks() == tuple(made)
    copy = cloudpickle.loads(cloudpickle.dumps(flow))
    assert [t.name for t in copy.sorted_tasks()] == [t.name for t in made]


dags = st.integers(1, 12).flatmap(
    lambda size: st.tuples(
        st.permutations(range(size)),
        st.lists(st.tuples(st.integers(0, size - 1), st.integers(0, size - 1)), max_size=30),
    )
)


def build(shape: tuple[list[int], list[tuple[int, int]]]) -> tuple[Flow, list[Task]]:
    """A flow whose tasks are added in any order, and whose edges lead to greater numbers."""
    order, pairs = shape
    made = [Task(name="same") for _ in order]
    flow = Flow("n", tasks=[made[at] for at in order])
    for up, down in pairs:
        if up != down:
            flow.add_edge(made[min(up, down)], made[max(up, down)])
    return flow, made


def rounds(flow: Flow) -> list[Task]:
    """The order by its definition: go over what is left until nothing is."""
    left, done = list(flow.graph().upstream), []
    while left:
        for one in list(left):
            if not flow.upstream_tasks(one) & set(left):
                left.remove(one)
                done.append(one)
    return done


@given(dags)
def test_sorting_is_topological_and_in_rounds(
    shape: tuple[list[int], list[tuple[int, int]]],
) -> None:
    """For any graph: complete, each task after those upstream, in the order of the rounds."""
    flow, _ = build(shape)
    order = flow.sorted_tasks()
    position = {t: at for at, t in enumerate(order)}
    assert set(order) == flow.tasks and len(order) == len(flow.tasks)
    assert all(position[e.upstream_task] < position[e.downstream_task] for e in flow.edges)
    assert list(order) == rounds(flow)


@given(dags, st.data())
def test_copying_and_replacing_keep_the_graph_whole(
    shape: tuple[list[int], list[tuple[int, int]]], data: st.DataObject
) -> None:
    """Adjacency agrees with the sets, slugs are unique, and a copy's life is its own."""
    flow, made = build(shape)
    copy = flow.copy()
    assert copy == flow
    old, new = data.draw(st.sampled_from(made)), Task(name="new")
    degree = len(copy.edges_to(old)), len(copy.edges_from(old))
    copy.replace(old, new)
    assert (len(copy.edges_to(new)), len(copy.edges_from(new))) == degree
    for one in (flow, copy):
        assert len(set(one.slugs.values())) == len(one.slugs) and set(one.slugs) == one.tasks
        for t in one.tasks:
            assert one.edges_to(t) == {e for e in one.edges if e.downstream_task is t}
            assert one.edges_from(t) == {e for e in one.edges if e.upstream_task is t}
    assert old in flow.tasks and new not in flow.tasks and old not in copy.tasks
