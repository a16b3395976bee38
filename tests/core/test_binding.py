"""Calling, binding, mapping and piping tasks."""

from __future__ import annotations

import re
from typing import Any

import pytest

from prefect_results import Flow, Parameter, Task, context, mapped, task, unmapped
from prefect_results.core import Edge, defaults_from_attrs
from prefect_results.core.signature import signature_of

# Tasks that fail to join a flow are not what these tests are about.
pytestmark = pytest.mark.filterwarnings("ignore:Tasks were created but not added to the flow")


class AddTask(Task):
    """Adds."""

    def run(self, x, y=1):
        """Add."""
        return x + y


def keys(flow: Flow, t: Task) -> set[str | None]:
    """The keys of the edges that lead to a task."""
    return {edge.key for edge in flow.edges_to(t)}


def test_calling_copies_and_binding_does_not() -> None:
    """A call can be repeated; `bind` returns the task itself."""
    add = AddTask()
    with Flow("f") as flow:
        first, second = add(1), add(2)
        bound = add.bind(Task())
    assert len({first, second, add}) == 3 and bound is add
    assert flow.tasks >= {first, second, add}


def test_constants_stay_out_of_the_graph() -> None:
    """A constant argument is kept beside the task; a task makes an edge."""
    with Flow("f") as flow:
        other = Task()()
        result = AddTask()(1, y=other)
    assert flow.constants[result] == {"x": 1}
    assert keys(flow, result) == {"y"} and flow.tasks == {result, other}


def test_collections_with_tasks_become_tasks() -> None:
    """Lists, tuples, sets and dicts of tasks are collected; those of constants are constants."""
    with Flow("f") as flow:
        t = Task()()
        fn = task(lambda a, b, c, d, e: None)
        result = fn([t, 1], (t,), {t}, {"k": t}, [1, (2,), {"x": {3}}])
    assert flow.constants[result] == {"e": [1, (2,), {"x": {3}}]}
    names = {edge.key: edge.upstream_task for edge in flow.edges_to(result)}
    assert {key: made.name for key, made in names.items()} == {
        **{"a": "List", "b": "Tuple", "c": "Set", "d": "Dict"}
    }
    assert all(made.auto_generated for made in names.values())


def test_binding_outside_of_a_flow_says_what_to_do() -> None:
    """The error names the call that the user probably wants."""
    with pytest.raises(ValueError, match=r"you need to call `AddTask\(...\).run\(...\)`"):
        AddTask()(1)

    @task
    def fn(x): ...

    with pytest.raises(ValueError, match=r"you need to call `fn.run\(...\)`"):
        fn(1)
    for call in (Task().set_upstream, Task().set_downstream):
        with pytest.raises(ValueError, match="No Flow was passed"):
            call(Task())


@pytest.mark.parametrize(
    ("args", "kwargs", "message"),
    [
        ((), {}, "missing a required argument: 'x'"),
        ((1, 2, 3), {}, "too many positional arguments"),
        ((1,), {"x": 2}, "multiple values for argument 'x'"),
        ((1,), {"z": 2}, "got an unexpected keyword argument 'z'"),
    ],
)
def test_arguments_have_to_fit(args: Any, kwargs: Any, message: str) -> None:
    """The errors are those of a call of `run`."""
    with pytest.raises(TypeError, match=message), Flow("f"):
        AddTask()(*args, **kwargs)


@pytest.mark.parametrize(
    "source",
    [
        "lambda: 0",
        "lambda a, b=1: 0",
        "lambda a, *, b, c=1: 0",
        "lambda a=1, **kw: 0",
        "lambda a, b=2, *, c=3, **kw: 0",
    ],
)
@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        ((), {}),
        ((1,), {}),
        ((1, 2), {}),
        ((1, 2, 3), {}),
        ((), {"a": 1}),
        ((), {"b": 1, "a": 2}),
        ((1,), {"c": 1, "b": 2}),
        ((1,), {"z": 1, "b": 2}),
        ((1,), {"a": 1}),
        ((1,), {"kw": 1, "b": 2}),
    ],
)
def test_binding_does_what_inspect_does(source: str, args: Any, kwargs: Any) -> None:
    """The fast way gives the arguments, their order and the errors of `Signature.bind`."""
    import inspect

    run = eval(source)
    fast = signature_of(run)
    try:
        expected = dict(inspect.signature(run).bind(*args, **kwargs).arguments)
        expected.update(expected.pop(fast.var_keyword, {}) if fast.var_keyword else {})
    except TypeError as exc:
        with pytest.raises(TypeError, match=re.escape(str(exc))):
            fast.bind(run, args, kwargs)
    else:
        assert list(fast.bind(run, args, kwargs).items()) == list(expected.items())


def test_decorated_and_callable_runs_are_understood() -> None:
    """`functools.wraps`, callable objects and partials have signatures too."""
    import functools

    class Defaults(Task):
        def __init__(self, a: int) -> None:
            self.a = a
            super().__init__()

        @defaults_from_attrs("a")
        def run(self, a=None):
            return a

    class Callable:
        def __call__(self, x):
            return x

    t = Defaults(3)
    assert (t.run(), t.run(a=4), t.run(a=None)) == (3, 4, None)
    with Flow("f") as flow:
        assert flow.constants[t(a=1)] == {"a": 1}
        assert flow.constants[task(Callable(), name="c")(2)] == {"x": 2}  # type: ignore[call-overload]
        partial = functools.partial(lambda x, y: x, y=1)
        assert flow.constants[task(partial)(2)] == {"x": 2}
        with pytest.raises(TypeError):
            t(b=1)


def test_upstream_tasks_are_not_passed() -> None:
    """`upstream_tasks` makes edges without a key, and converts what is no task."""
    with Flow("f") as flow:
        first = Task()
        result = AddTask()(1, upstream_tasks=[first, 5])
    assert keys(flow, result) == {None}
    assert len(flow.edges_to(result)) == 2 and first in flow.upstream_tasks(result)


def test_task_args_are_set_on_the_copy() -> None:
    """`task_args` of a call change attributes."""
    with Flow("f"):
        assert AddTask()(1, task_args={"name": "n"}).name == "n"
        mapped_task = task(lambda x: x, nout=2).map([1], task_args={"name": "m"})  # type: ignore[call-overload]
        assert (mapped_task.name, mapped_task.nout) == ("m", None)


def test_flow_can_be_given() -> None:
    """`flow=` serves instead of the context, also for collections."""
    flow = Flow("f")
    t = AddTask()(Task(), flow=flow)
    AddTask()([t, 1], flow=flow)
    assert len(flow.tasks) == 4
    t.set_upstream(1, flow=flow)
    Task().bind(flow=flow).set_downstream(t, flow=flow, key="y")
    assert {"x", "y", None} == keys(flow, t)


def test_mapping_makes_mapped_edges() -> None:
    """Arguments are mapped unless annotated; constants that are mapped become tasks."""
    with Flow("f") as flow:
        t = Task()()
        result = AddTask().map([1, 2], y=unmapped(t), upstream_tasks=[unmapped(t)])
    how = {edge.key: edge.mapped for edge in flow.edges_to(result)}
    assert how == {"x": True, "y": False, None: False}
    assert any(task.name == "[1, 2]" for task in flow.tasks)


def test_an_unmapped_constant_stays_a_constant() -> None:
    """`unmapped(5)` is as good as 5 in a plain call."""
    with Flow("f") as flow:
        result = AddTask().map([1], y=unmapped(5))
    assert flow.constants[result] == {"y": 5}


def test_a_call_can_map() -> None:
    """`mapped=True`, or `mapped(...)` around an argument, maps in a plain call."""
    with Flow("f") as flow:
        a = AddTask()([1], y=unmapped(2), mapped=True)
        b = AddTask()(mapped([1]), y=[2])
    assert [edge.mapped for edge in flow.edges_to(a)] == [True]
    assert [edge.mapped for edge in flow.edges_to(b)] == [True]
    assert flow.constants == {a: {"y": 2}, b: {"y": [2]}}


def test_mapping_needs_something_to_index() -> None:
    """An integer or a generator cannot be mapped over."""
    with Flow("f"):
        with pytest.raises(TypeError, match=r"unsubscriptable object of type <class 'int'>: 1"):
            AddTask().map(1)
        with pytest.raises(TypeError, match="Cannot map over unsubscriptable object"):
            AddTask().map(x for x in [1])


def test_mapping_inside_of_a_mapped_context_is_an_error() -> None:
    """`apply_map` maps already."""
    with Flow("f") as flow, context(mapped=True):
        with pytest.raises(ValueError, match="Cannot set `mapped=True` when running from inside"):
            AddTask().map([1])
        with pytest.raises(ValueError, match="Cannot set `mapped=True` when running from inside"):
            flow.add_edge(Task(), Task(), mapped=True)


def test_set_upstream_and_downstream() -> None:
    """Both take keys and mapping, and return the task."""
    with Flow("f") as flow:
        a, b, c = Task(name="a"), AddTask(name="b"), AddTask(name="c")
        assert b.set_upstream(a, key="x", mapped=True) is b
        assert b.set_downstream(c, key="y") is b
        c.set_upstream([b, 1])
    assert Edge(a, b, key="x", mapped=True) in flow.edges
    assert Edge(b, c, key="y") in flow.edges


def test_set_dependencies_does_all_at_once() -> None:
    """Upstream, downstream and keyword tasks of one task."""
    flow = Flow("f")
    a, b, c, d = Task(), AddTask(), Task(), Task()
    assert b.set_dependencies(flow, [a], [c], {"x": d, "y": 3}) is b
    assert flow.edges == {Edge(a, b), Edge(b, c), Edge(d, b, key="x")}
    assert flow.constants == {b: {"y": 3}}


def test_pipes() -> None:
    """`a.pipe(b)` is `b(a)`; annotations can be piped to; `self` cannot be passed."""
    with Flow("f") as flow:
        a = Task()()
        b = a.pipe(AddTask(), y=2)
        assert a.pipe(unmapped) is a
        with pytest.raises(ValueError, match='keyword argument "self"'):
            a.pipe(AddTask(), self=1)
    assert flow.edges == {Edge(a, b, key="x")} and flow.constants[b] == {"y": 2}


def test_the_bar_orders_tasks() -> None:
    """`a | b | 1` runs them one after the other."""
    with Flow("f") as flow:
        a, b = Task(name="a")(), Task(name="b")()
        assert (a | b) is b
        assert (5 | b) is b
    assert Edge(a, b) in flow.edges and len(flow.upstream_tasks(b)) == 2


def test_operators_make_tasks() -> None:
    """Arithmetic, comparison, indexing; also with the task on the right."""
    with Flow("f") as flow:
        a = Task(name="a")()
        made = {
            *("Add Sub Mul Div FloorDiv Mod Pow And".split()),
            *("GreaterThan GreaterThanOrEqual LessThan LessThanOrEqual".split()),
            *("Equal NotEqual Or Not".split()),
        }
        results = [a + 1, a - 1, a * 1, a / 1, a // 1, a % 1, a**1, a & 1, a > 1, a >= 1, a < 1]
        results += [a <= 1, a.is_equal(1), a.is_not_equal(1), a.or_(1), a.not_()]
        results += [1 + a, 1 - a, 1 * a, 1 / a, 1 // a, 1 % a, 1**a, 1 & a]
        assert {type(result).__name__ for result in results} == made
        assert (a["k"].name, a[a].name, a[0].name) == ("a['k']", "a[a]", "a[0]")
        minus = 10 - a
        assert flow.constants[minus] == {"x": 10}
    assert a == a and a != Task() and isinstance(hash(a), int)


def test_parameters_cannot_have_upstream_tasks() -> None:
    """They are roots."""
    with Flow("f"):
        p = Parameter("p")
        with pytest.raises(ValueError, match="A parameter, such as 'p', cannot depend"):
            p.set_upstream(Task())
        p()
