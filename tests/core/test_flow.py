"""Flows: making them, slugs, blocks, adding tasks and edges, replacing, copying, merging."""

from __future__ import annotations

import pytest

from prefect_results import Flow, Parameter, Task, case, context, tags, task
from prefect_results.configuration import set_temporary_config
from prefect_results.core import Edge, keeping
from prefect_results.exceptions import ConfigurationError
from prefect_results.results import Result

# Tasks that fail to join a flow are what one of these tests is about, not the others.
pytestmark = pytest.mark.filterwarnings("ignore:Tasks were created but not added to the flow")


class AddTask(Task):
    """Adds."""

    def run(self, x, y=1):
        """Add."""
        return x + y


def test_a_flow_needs_a_name() -> None:
    """An empty one is none."""
    with pytest.raises(TypeError):
        Flow()  # type: ignore[call-arg]
    for name in ("", None):
        with pytest.raises(ValueError, match="A name must be provided for the flow"):
            Flow(name)  # type: ignore[arg-type]
    assert repr(Flow("n")) == '<Flow: name="n">'
    assert Flow("n").logger.name.endswith(".n")


def test_what_a_flow_is_given_it_keeps() -> None:
    """Deployment settings are any objects."""
    result, handler = Result(), lambda flow, state, refs: None
    flow = Flow(
        "n", result=result, storage=1, run_config=2, executor=3, terminal_state_handler=handler
    )
    assert (flow.result, flow.storage, flow.run_config, flow.executor) == (result, 1, 2, 3)
    assert flow.terminal_state_handler is handler and flow.schedule is None
    assert flow.state_handlers == []


def test_state_handlers_and_on_failure() -> None:
    """The callback comes last; something that is no sequence is rejected."""
    flow = Flow("n", state_handlers=[print], on_failure=lambda flow, state: None)
    assert flow.state_handlers[0] is print and len(flow.state_handlers) == 2
    with pytest.raises(TypeError, match="state_handlers should be iterable"):
        Flow("n", state_handlers=1)  # type: ignore[arg-type]


def test_tasks_edges_and_reference_tasks_can_be_given() -> None:
    """Edges bring their tasks along; reference tasks must be among the tasks."""
    a, b = Task(), Task()
    flow = Flow("n", tasks=[a, b], edges=[Edge(a, b)], reference_tasks=[a])
    assert flow.tasks == {a, b} and flow.edges == {Edge(a, b)} and flow.reference_tasks() == {a}
    assert Flow("n", edges=[Edge(a, b)]).tasks == {a, b}
    with pytest.raises(ValueError, match="reference tasks must be part of the flow"):
        Flow("n", reference_tasks=[a])


def test_the_block_puts_the_flow_into_the_context() -> None:
    """And takes it out again, also after an error."""
    with Flow("n") as flow:
        assert context.flow is flow
        assert hasattr(flow, "_ctx")
    assert "flow" not in context and not hasattr(flow, "_ctx")
    with pytest.raises(KeyError), flow:
        raise KeyError
    assert "flow" not in context and not hasattr(flow, "_ctx")


@pytest.mark.filterwarnings("error")
def test_forgotten_tasks_are_warned_of() -> None:
    """A task that is made in the block but not called is probably a mistake."""
    forgotten = pytest.warns(UserWarning, match="Tasks were created but not added to the flow")
    with forgotten as seen, Flow("n"):
        Parameter("p")
    assert seen[0].filename == __file__
    with Flow("n") as flow:
        flow.add_task(Task())
        AddTask()(Parameter("p"), y=[Task(), 1])


def test_slugs_are_names_tags_and_a_count() -> None:
    """The same each time the flow is built, whichever tasks it is built of."""
    with Flow("n") as flow:
        made = [AddTask(name="a")(1) for _ in range(3)]
        with tags("z", "b"):
            tagged = Task(name="a")()
        own = flow.add_task(Task(slug="own"))
    assert [flow.slugs[t] for t in made] == ["a-1", "a-2", "a-3"]
    assert flow.slugs[tagged] == "a-b-z-1" and flow.slugs[own] == "own"


def test_slugs_are_unique() -> None:
    """One that is taken cannot be given, and is not generated."""
    flow = Flow("n", tasks=[Task(slug="a-2"), Task(name="a")])
    with pytest.raises(ValueError, match='A task with the slug "a-2" already exists in this flow'):
        flow.add_task(Task(slug="a-2"))
    third = flow.add_task(Task(name="a"))
    assert flow.slugs[third] == "a-3"
    flow.slugs.clear()
    with pytest.raises(ValueError, match='the slug "x"'):
        for _ in range(2):
            flow.add_task(Task(slug="x"))


def test_only_tasks_can_be_added() -> None:
    """Adding one twice does nothing."""
    flow = Flow("n")
    with pytest.raises(TypeError, match="Tasks must be Task instances"):
        flow.add_task(1)  # type: ignore[arg-type]
    t = Task()
    assert flow.add_task(t) is t is flow.add_task(t)
    assert flow.tasks == {t}


def test_tasks_join_the_open_case() -> None:
    """All but parameters and constants."""
    with Flow("n") as flow:
        condition = Task(name="c")()
        with case(condition, True):
            inside = AddTask()(Parameter("p"))
    (comparison,) = flow.get_tasks(name="case(True)")
    assert flow.upstream_tasks(inside) == {comparison, *flow.parameters()}
    assert flow.root_tasks() == {condition, *flow.parameters()}


def test_keyed_constants_are_no_tasks() -> None:
    """An edge is returned for them all the same; without a key they are tasks."""
    flow, t = Flow("n"), AddTask()
    edge = flow.add_edge(1, t, key="x")
    assert edge.upstream_task.value == 1 and flow.edges == set()  # type: ignore[attr-defined]
    assert flow.constants == {t: {"x": 1}} and flow.tasks == {t}
    flow.add_edge(1, t)
    flow.add_edge([2], t, key="y", mapped=True)
    assert len(flow.edges) == 2 and len(flow.tasks) == 3


def test_validation_of_edges() -> None:
    """Asked for, it finds arguments set twice, unknown ones and cycles."""
    flow, a, b, t = Flow("n"), Task(), Task(), AddTask()
    flow.add_edge(a, t, key="x", validate=True)
    with pytest.raises(ValueError, match='Argument "x" for task <Task: AddTask> has already been'):
        flow.add_edge(b, t, key="x", validate=True)
    with pytest.raises(ValueError, match="has already been assigned"):
        flow.add_edge(a, t, key="x", validate=True)
    flow = Flow("n")
    with pytest.raises(TypeError, match="unexpected keyword argument 'z'"):
        flow.add_edge(a, t, key="z", validate=True)
    flow = Flow("n")
    flow.add_edge(a, b)
    with pytest.raises(ValueError, match="Cycle found"):
        flow.add_edge(b, a, validate=True)


def test_validation_is_off_by_default() -> None:
    """Until the configuration says otherwise."""
    a, b = Task(), Task()
    Flow("n", edges=[Edge(a, b), Edge(b, a)])
    with set_temporary_config({"flows.eager_edge_validation": True}):
        with pytest.raises(ValueError, match="Cycle found"):
            Flow("n", edges=[Edge(a, b), Edge(b, a)])
        Flow("n", edges=[Edge(a, b), Edge(b, a)], validate=False)


def test_chains() -> None:
    """Each task after the one before it."""
    flow, made = Flow("n"), [Task() for _ in range(4)]
    edges = flow.chain(*made)
    assert edges == [Edge(*made[:2]), Edge(*made[1:3]), Edge(*made[2:])]
    assert flow.sorted_tasks() == tuple(made)
    assert flow.chain(Task()) == []


def test_tasks_can_be_found() -> None:
    """By name, slug, tags, type and all of them; without conditions all, in order."""
    a, b = Task(name="a", tags=["x", "y"], slug="s"), AddTask(name="b", tags=["x"])
    flow = Flow("n", tasks=[a, b])
    assert flow.get_tasks() == [a, b]
    assert flow.get_tasks(name="a") == [a] == flow.get_tasks(slug="s")
    assert flow.get_tasks(tags=["x"]) == [a, b] and flow.get_tasks(tags=["y", "x"]) == [a]
    assert flow.get_tasks(task_type=AddTask) == [b]
    assert flow.get_tasks(name="a", task_type=AddTask) == []


def test_equality() -> None:
    """Name, tasks, edges and reference tasks count."""
    a, b = Task(), Task()
    f, g = Flow("n", tasks=[a]), Flow("n", tasks=[a])
    assert f == g and f != Flow("m", tasks=[a]) and f != 1
    g.add_edge(a, b)
    assert f != g
    f.add_edge(a, b)
    assert f == g
    f.set_reference_tasks([a])
    assert f != g
    with pytest.raises(TypeError):
        hash(f)


def test_copies_are_independent() -> None:
    """What is added to one, even a constant argument, is not in the other."""
    a, b = Task(), AddTask()
    flow = Flow("n", edges=[Edge(a, b)], reference_tasks=None)
    flow.add_edge(1, b, key="x")
    copy = flow.copy()
    assert copy == flow and copy is not flow and copy.slugs == flow.slugs
    copy.add_edge(b, Task())
    copy.add_edge(2, b, key="y")
    assert len(flow.tasks) == 2 and len(flow.edges) == 1 and flow.constants == {b: {"x": 1}}
    assert flow.terminal_tasks() == {b} and copy.terminal_tasks() != {b}
    assert copy.copy().slugs == copy.slugs


def test_replacing_a_task() -> None:
    """Edges, constants and reference tasks go over to the new one."""
    a, old, c = Task(name="a"), AddTask(name="old"), AddTask(name="c")
    flow = Flow("n", edges=[Edge(a, old, key="x", mapped=True), Edge(old, c, key="x")])
    flow.add_edge(5, old, key="y")
    flow.set_reference_tasks([old, c])
    new = AddTask(name="new")
    flow.replace(old, new)
    assert flow.tasks == {a, new, c}
    assert flow.edges == {Edge(a, new, key="x", mapped=True), Edge(new, c, key="x")}
    assert flow.constants == {new: {"y": 5}} and flow.reference_tasks() == {new, c}
    assert flow.slugs == {a: "a-1", new: "new-1", c: "c-1"}
    with pytest.raises(ValueError, match="Task <Task: old> was not found in Flow"):
        flow.replace(old, new)


def test_replacing_converts_and_checks() -> None:
    """A value becomes a task; the flow is checked unless that is not wanted."""
    a, b = Task(), Task()
    flow = Flow("n", edges=[Edge(a, b)])
    flow.replace(a, [7])
    assert {t.name for t in flow.tasks} == {"[7]", "Task"}
    cyclic = Flow("n", edges=[Edge(a, b), Edge(b, a)])
    with pytest.raises(ValueError, match="Cycle found"):
        cyclic.copy().replace(a, Task())
    cyclic.replace(a, Task(), validate=False)


def test_default_reference_tasks_stay_the_default() -> None:
    """Replacing does not fix them."""
    a, b = Task(), Task()
    flow = Flow("n", edges=[Edge(a, b)])
    new = Task()
    flow.replace(b, new)
    assert flow.reference_tasks() == {new}
    flow.add_edge(new, b)
    assert flow.reference_tasks() == {b}


def test_merging_flows() -> None:
    """Tasks, edges and constants of the other flow join."""
    a, b, c = Task(), AddTask(), Task()
    one, two = Flow("1", tasks=[c]), Flow("2", edges=[Edge(a, b, key="x")])
    two.add_edge(5, b, key="y")
    two.set_reference_tasks([a])
    one.update(two)
    assert one.tasks == {a, b, c} and one.edges == two.edges and one.constants == {b: {"y": 5}}
    assert one.reference_tasks() == {b, c}
    one.update(two, merge_reference_tasks=True)
    assert one.reference_tasks() == {a, b, c}
    one.constants[b]["y"] = 6
    assert two.constants == {b: {"y": 5}}


def test_merging_parameters() -> None:
    """Of two parameters with one name the other flow's stays; unasked it is an error."""
    add = AddTask()
    with Flow("1") as one:
        a = add(Parameter("p"))
    with Flow("2") as two:
        b = add(Parameter("p"))
    with pytest.raises(ValueError, match='slug "p" already exists'):
        one.copy().update(two)
    one.update(two, merge_parameters=True)
    (p,) = one.parameters()
    assert two.parameters() == {p} and one.edges == {Edge(p, a, key="x"), Edge(p, b, key="x")}


def test_the_flow_converts_dependencies() -> None:
    """`set_dependencies` of a flow takes values for tasks everywhere."""
    flow = Flow("n")
    flow.set_dependencies([1, 2], upstream_tasks=[3], downstream_tasks=[4])
    assert {t.name: len(flow.edges_to(t)) for t in flow.tasks} == {"[1, 2]": 1, "3": 0, "4": 1}


def test_registering_needs_a_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    """The checks of the legacy release come first; a backend is handed over by its room."""
    flow = Flow("n")
    monkeypatch.setattr(keeping, "_registrar", None)
    with pytest.raises(ConfigurationError, match="no backend"):
        flow.register("project")
    with pytest.raises(ValueError, match="with Flow"), flow:
        flow.register()
    loading = pytest.warns(UserWarning, match=r"`flow.register\(\)` does nothing")
    with loading, context(loading_flow=True):
        assert flow.register() is None
    keeping.register_registrar(lambda flow, **options: f"{flow.name}:{options}")
    assert flow.register("p", labels=["l"]) == (
        "n:{'project_name': 'p', 'build': True, 'labels': ['l'], 'set_schedule_active': True, "
        "'version_group_id': None, 'no_url': False, 'idempotency_key': None}"
    )


def test_an_agent_needs_a_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `run_agent` does is handed over by the backend's room."""
    flow = Flow("n")
    monkeypatch.setattr(keeping, "_agent", None)
    with pytest.raises(ConfigurationError, match="no backend"):
        flow.run_agent()
    asked = []
    keeping.register_agent(lambda flow, **options: asked.append((flow.name, options)))
    flow.run_agent(token="t", show_flow_logs=True, api_key="k")
    assert asked == [("n", {"show_flow_logs": True, "log_to_cloud": None})]


def test_function_tasks_build_flows() -> None:
    """The functional way, as most people write it."""

    @task
    def inc(x):
        return x + 1

    with Flow("n") as flow:
        total = inc(inc(Parameter("p", default=1))) + inc.map([1, 2])[0]
    assert len(flow.tasks) == 7 and flow.terminal_tasks() == {total}
