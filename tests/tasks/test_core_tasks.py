"""Tasks that a flow makes by itself: constants, collections, operators."""

from __future__ import annotations

import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefect_results import Flow, Parameter, Task, task
from prefect_results.core import as_task
from prefect_results.tasks.core import function, operators
from prefect_results.tasks.core.collections import Dict, List, Set, Tuple
from prefect_results.tasks.core.constants import Constant
from prefect_results.tasks.core.operators import GetAttr, GetItem


@task
def add_one(x):
    return x + 1


def value_of(make):
    """Run a flow whose last task `make` returns; give that task's value."""
    with Flow("test") as flow:
        last = make()
    return flow.run().result[last].result


class NoRepr:
    """An object that cannot be shown."""

    def __repr__(self):
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (1, "1"),
        ("abc", "'abc'"),
        ("x" * 9, "Constant[str]"),
        ([1, 2], "[1, 2]"),
        (list(range(1000)), "Constant[list]"),
        ({"key": "value"}, "Constant[dict]"),
        (NoRepr(), "Constant[NoRepr]"),
        (None, "None"),
    ],
)
def test_constant_is_named_by_its_value(value, name):
    """A short repr is the name; else the type is; a broken repr does no harm."""
    constant = Constant(value)
    assert constant.name == name
    assert constant.run() is value
    assert Constant(value, name="mine").name == "mine"


def test_function_task_has_its_legacy_home():
    """The class of `@task` is found where it used to be."""
    assert isinstance(add_one, function.FunctionTask)


def test_collections_of_tasks():
    """A collection with tasks in it, at any depth, reaches a task with their results."""

    @task
    def identity(x):
        return x

    def make():
        two = add_one(1)
        return identity(
            {"list": [two, 3, [two]], "tuple": (two, "x"), "set": {two, 5}, "plain": [1]}
        )

    assert value_of(make) == {"list": [2, 3, [2]], "tuple": (2, "x"), "set": {2, 5}, "plain": [1]}


@pytest.mark.parametrize(("cls", "kind"), [(List, list), (Tuple, tuple), (Set, set)])
def test_collection_tasks_in_a_flow(cls, kind):
    """They are bound to any number of arguments and keep their order."""
    values = list(range(12))
    assert value_of(lambda: cls().bind(*[add_one(x) for x in values])) == kind(
        x + 1 for x in values
    )


def test_collection_tasks_are_registered():
    """`as_task` makes them, and marks them as made by the flow."""
    with Flow("test"):
        t = Task()
        made = {kind: as_task(kind([t])) for kind in (list, tuple, set)}
        made[dict] = as_task({"a": t})
    assert {kind: type(made[kind]) for kind in made} == {
        list: List,
        tuple: Tuple,
        set: Set,
        dict: Dict,
    }
    assert all(made[kind].auto_generated for kind in made)
    assert type(as_task([1, 2])) is Constant


def test_list_sorts_by_number():
    """Inputs may come in any order; the tenth follows the ninth."""
    inputs = {f"arg_{n}": n for n in (10, 2, 1, 9)}
    assert List().run(**inputs) == [1, 2, 9, 10]
    assert Tuple().run(**inputs) == (1, 2, 9, 10)


def test_dict_wants_as_many_keys_as_values():
    """A missing value is an error."""
    assert Dict().run(keys=["a", None], values=[1, 2]) == {"a": 1, None: 2}
    with pytest.raises(ValueError, match="A different number of keys and values"):
        Dict().run(keys=["a"], values=[1, 2])


def test_collections_can_be_mapped():
    """A mapped collection has one child for each element."""
    assert value_of(lambda: List().bind(add_one.map([1, 2]), [5, 6], mapped=True)) == [
        [2, 5],
        [3, 6],
    ]


BINARY = {
    "Add": operator.add,
    "Sub": operator.sub,
    "Mul": operator.mul,
    "Div": operator.truediv,
    "FloorDiv": operator.floordiv,
    "Mod": operator.mod,
    "Pow": operator.pow,
    "GreaterThan": operator.gt,
    "GreaterThanOrEqual": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqual": operator.le,
    "Equal": operator.eq,
    "NotEqual": operator.ne,
    "And": lambda x, y: x and y,
    "Or": lambda x, y: x or y,
}


@pytest.mark.parametrize("name", BINARY)
@given(x=st.integers(-5, 5), y=st.integers(1, 5))
def test_operator_tasks(name, x, y):
    """Each task gives what its operator does."""
    assert getattr(operators, name)().run(x=x, y=y) == BINARY[name](x, y)


@pytest.mark.parametrize("name", sorted(set(BINARY) - {"Equal", "NotEqual", "Or", "And"}))
def test_operators_make_tasks(name):
    """Operators between tasks, and with constants on either side, are tasks of that name."""
    with Flow("test") as flow:
        x, y = Parameter("x"), Parameter("y")
        made = [BINARY[name](x, y), BINARY[name](x, 3), BINARY[name](7, y)]
    state = flow.run(x=7, y=3)
    assert [state.result[t].result for t in made] == [BINARY[name](7, 3)] * 3
    assert {type(t).__name__ for t in made[:2]} == {made[0].name} == {name}


def test_logic_makes_tasks():
    """`&`, `not_`, `or_`, `is_equal` and `is_not_equal` are tasks."""
    with Flow("test") as flow:
        x, y = Parameter("x"), Parameter("y")
        made = [x & y, y & x, True & x, x.not_(), x.or_(y), x.is_equal(1), x.is_not_equal(1)]
    state = flow.run(x=1, y=0)
    assert [state.result[t].result for t in made] == [0, 0, 1, False, 1, True, False]
    assert [t.name for t in made] == ["And", "And", "And", "Not", "Or", "Equal", "NotEqual"]


def test_get_item():
    """Items are found by constant and by task; the name says which."""
    with Flow("test") as flow:
        x, key = Parameter("x"), Parameter("key")
        by_constant, by_task, nested = x["b"], x[key], x["c"][0]
    state = flow.run(x={"a": 1, "b": 2, "c": [3]}, key="a")
    assert [state.result[t].result for t in (by_constant, by_task, nested)] == [2, 1, 3]
    assert by_constant.name == "x['b']"
    assert by_task.name == "x[key]"


def test_get_item_default():
    """A missing key is an error, or the task's default, or the call's; an index is an error."""
    with pytest.raises(KeyError):
        GetItem().run(task_result={}, key="a")
    assert GetItem(default=5).run(task_result={}, key="a") == 5
    assert GetItem(None, "name").run(task_result={}, key="a") is None
    assert GetItem(default=5).run(task_result={}, key="a", default=6) == 6
    with pytest.raises(IndexError):
        GetItem(default=5).run(task_result=[], key=0)


class Thing:
    """Has attributes of attributes."""

    one = 1

    class sub:
        two = 2


def test_get_attr():
    """Attributes are found through dots; a missing one is an error or the default."""
    assert value_of(lambda: GetAttr()(Thing(), "sub.two")) == 2
    assert GetAttr().run(task_result=Thing(), attr="one") == 1
    with pytest.raises(AttributeError):
        GetAttr().run(task_result=Thing(), attr="sub.three")
    assert GetAttr(default=3).run(task_result=Thing(), attr="sub.three") == 3
    assert GetAttr(default=3).run(task_result=Thing(), attr="x", default=None) is None
