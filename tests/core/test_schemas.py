"""The JSON form of flows, tasks and edges."""

from __future__ import annotations

import json
from datetime import datetime, time, timedelta
from typing import Any

import marshmallow
import pendulum
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefect_results import Flow, Parameter, Task, task, triggers
from prefect_results.caching import validators
from prefect_results.core.names import legacy_name
from prefect_results.core.schema_fields import (
    UUID,
    Bytes,
    DateTimeTZ,
    FunctionReference,
    JSONCompatible,
    Nested,
    ObjectSchema,
    OneOfSchema,
    SortedList,
    StatefulFunctionReference,
    from_qualified_name,
    to_qualified_name,
)
from prefect_results.core.schemas import FlowSchema, ParameterSchema, TaskSchema


@task(max_retries=2, retry_delay=timedelta(seconds=90), tags=["b", "a"])
def inc(x: int, y=1) -> int:
    """Add."""
    return x + y


def example() -> Flow:
    """A flow with everything that is written down."""
    with Flow("f") as flow:
        a = inc(Parameter("p", default=[1]))
        inc.map([a, 2])
    flow.set_reference_tasks([a])
    return flow


def test_a_task_as_json() -> None:
    """Names of our own functions and classes are the legacy ones."""
    with Flow("f"):
        serialized = inc(1, task_args={"slug": "s"}).serialize()
    assert serialized.pop("__version__")
    assert serialized == {
        "type": "prefect.tasks.core.function.FunctionTask",
        "name": "inc",
        "slug": "s",
        "tags": ["a", "b"],
        "max_retries": 2,
        "retry_delay": 90,
        "inputs": {
            "x": {"required": True, "type": "<class 'int'>"},
            "y": {"required": False, "type": "typing.Any"},
        },
        "outputs": "<class 'int'>",
        "timeout": None,
        "trigger": {"fn": "prefect.triggers.all_successful", "kwargs": {}},
        "skip_on_upstream_skip": True,
        "cache_for": None,
        "cache_key": None,
        "cache_validator": {"fn": "prefect.engine.cache_validators.never_use", "kwargs": {}},
        "auto_generated": False,
    }


def test_a_flow_as_json() -> None:
    """Sets are sorted, slugs are those in this flow, and the tasks stay as they were."""
    flow = example()
    serialized = flow.serialize()
    json.dumps(serialized)
    assert serialized["name"] == "f" and serialized["type"] == "prefect.core.flow.Flow"
    assert [t["slug"] for t in serialized["tasks"]] == ["List-1", "inc-a-b-1", "inc-a-b-2", "p"]
    assert [p["slug"] for p in serialized["parameters"]] == ["p"]
    assert [t["slug"] for t in serialized["reference_tasks"]] == ["inc-a-b-1"]
    edges = [(e["upstream_task"]["slug"], e["downstream_task"]["slug"], e["key"]) for e in
             serialized["edges"]]  # fmt: skip
    assert edges == [
        ("List-1", "inc-a-b-2", "x"),
        ("inc-a-b-1", "List-1", "arg_1"),
        ("p", "inc-a-b-1", "x"),
    ]
    assert serialized["storage"] is None and serialized["schedule"] is None
    assert all(t.slug is None for t in flow.tasks if not isinstance(t, Parameter))


def test_a_flow_comes_back() -> None:
    """Tasks are plain ones, parameters are parameters, edges and reference tasks are found."""
    flow = example()
    loaded = FlowSchema().load(json.loads(json.dumps(flow.serialize())))
    assert isinstance(loaded, Flow) and loaded.name == "f"
    assert sorted(loaded.slugs.values()) == sorted(flow.slugs.values())
    (p,) = loaded.parameters()
    assert isinstance(p, Parameter) and p.default == [1] and not p.required
    assert len(loaded.edges) == 3 and {t.slug for t in loaded.reference_tasks()} == {"inc-a-b-1"}
    assert [e.mapped for e in loaded.edges].count(True) == 1
    (made,) = loaded.get_tasks(slug="inc-a-b-1")
    assert made.retry_delay == timedelta(seconds=90) and made.tags == {"a", "b"}
    assert loaded.serialize()["edges"] == flow.serialize()["edges"]
    loaded.validate()


def test_equal_flows_have_equal_hashes() -> None:
    """In whichever order they are built; any difference makes another hash."""

    def build(names: str, name: str = "f") -> Flow:
        return Flow(name, tasks=[Task(name=one, slug=one) for one in names])

    first = build("abc").serialized_hash()
    assert len(first) == 64
    assert first == build("cba").serialized_hash() == build("abc").serialized_hash()
    assert len({first, build("ab").serialized_hash(), build("abc", "g").serialized_hash()}) == 3


class FakeStorage(dict):  # type: ignore[type-arg]
    """A storage as the legacy ones are: flows by name, and `build`."""

    def add_flow(self, flow: Flow) -> None:
        """Add a flow."""
        self[flow.name] = flow

    def build(self) -> Any:
        """Give something to serialize."""

        class Built:
            def serialize(self) -> dict[str, Any]:
                return {"type": "Fake"}

        return Built()


def test_storage_is_built_on_request() -> None:
    """Without one that is an error; a flow that is in it already is warned of."""
    flow = Flow("f")
    with pytest.raises(ValueError, match="This flow has no storage to build"):
        flow.serialize(build=True)
    flow.storage = FakeStorage({"f": 1})
    with pytest.warns(UserWarning, match="already contained in storage"):
        assert flow.serialize(build=True)["storage"] == {"type": "Fake"}
    flow.storage = object()
    flow.run_config = FakeStorage().build()
    serialized = flow.serialize()
    assert serialized["storage"] == {"type": "object"}
    assert serialized["run_config"] == {"type": "Fake"}
    assert FlowSchema().load(serialized).storage == {"type": "object"}


@pytest.mark.parametrize(
    "function",
    [
        triggers.all_failed,
        triggers.some_failed(at_least=1, at_most=0.5),
        triggers.some_successful(at_least=2),
    ],
)
def test_triggers_come_back(function: Any) -> None:
    """With what they were made of."""
    dumped = TaskSchema().dump(Task(trigger=function))
    loaded = TaskSchema().load(json.loads(json.dumps(dumped)))
    assert TaskSchema().dump(loaded)["trigger"] == dumped["trigger"]
    assert loaded.trigger.__qualname__ == function.__qualname__


@pytest.mark.parametrize(
    "validator",
    [
        validators.all_inputs,
        validators.partial_inputs_only(["x"]),
        validators.partial_parameters_only(["y"]),
    ],
)
def test_validators_come_back(validator: Any) -> None:
    """With what they look at."""
    dumped = TaskSchema().dump(Task(cache_for=timedelta(1), cache_validator=validator))
    loaded = TaskSchema().load(json.loads(json.dumps(dumped)))
    assert TaskSchema().dump(loaded)["cache_validator"] == dumped["cache_validator"]
    assert loaded.cache_for == timedelta(1)


def custom_trigger(upstream_states: Any) -> bool:
    """Somebody's own."""
    return True


def test_custom_functions_keep_their_name_only() -> None:
    """They are not imported when a task is loaded."""
    dumped = TaskSchema().dump(Task(trigger=custom_trigger))
    assert dumped["trigger"]["fn"].endswith("test_schemas.custom_trigger")
    assert TaskSchema().load(dumped).trigger is triggers.all_successful


def test_parameters_must_be_json() -> None:
    """The error names the attribute."""
    with pytest.raises(marshmallow.ValidationError, match=r"`Parameter\.default` must be JSON"):
        ParameterSchema().dump(Parameter("p", default=object()))


def test_malformed_flows_raise_validation_errors() -> None:
    """With the path to what is wrong."""
    good = json.loads(json.dumps(example().serialize()))
    for change, path in (
        ({"tasks": [{"max_retries": "x"}]}, "tasks"),
        ({"edges": [{"key": 3}]}, "edges"),
        ({"tasks": 3}, "tasks"),
        ({"name": None, "tasks": []}, "make a Flow"),
        ({"schedule": {"clocks": [{"type": "Sundial"}]}}, "schedule"),
    ):
        with pytest.raises(marshmallow.ValidationError, match=path):
            FlowSchema().load({**good, **change})


junk = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@given(st.data())
def test_damaged_flows_raise_nothing_else(data: st.DataObject) -> None:
    """Any part of a serialized flow may be replaced by anything."""
    payload = json.loads(json.dumps(example().serialize()))
    target: Any = payload
    for _ in range(data.draw(st.integers(0, 3))):
        keys = list(target) if isinstance(target, dict) else list(range(len(target)))
        inner = [key for key in keys if isinstance(target[key], (dict, list)) and target[key]]
        if inner:
            target = target[data.draw(st.sampled_from(inner))]
    key = data.draw(st.sampled_from(sorted(target) if isinstance(target, dict) else [0]))
    target[key] = data.draw(junk)
    try:
        loaded = FlowSchema().load(payload)
    except marshmallow.ValidationError:
        return
    assert isinstance(loaded, Flow)


def test_legacy_names() -> None:
    """What moved has its old name; what is not ours has its own."""
    assert to_qualified_name(Task) == "prefect.core.task.Task"
    assert legacy_name("prefect_results.caching.validators.all_inputs") == (
        "prefect.engine.cache_validators.all_inputs"
    )
    assert to_qualified_name(json.dumps) == "json.dumps"
    assert from_qualified_name("json.dumps") is json.dumps
    for missing in ("json.nope", "no_such_module.x"):
        with pytest.raises(ValueError, match="maybe it hasn't been imported yet"):
            from_qualified_name(missing)


class Fields(marshmallow.Schema):
    """One of each of the fields."""

    plain = JSONCompatible(allow_none=True)
    bytes = Bytes(allow_none=True)
    uuid = UUID(allow_none=True)
    date = DateTimeTZ(allow_none=True)
    function = FunctionReference(valid_functions=[json.dumps], allow_none=True)
    loose = FunctionReference(valid_functions=[json.dumps], reject_invalid=False)
    list = SortedList(marshmallow.fields.Integer())
    nested = Nested(
        type("Inner", (ObjectSchema,), {"x": marshmallow.fields.Integer()}),
        value_selection_fn=lambda obj, context: {"x": obj["n"]} if "n" in obj
        else marshmallow.missing,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "dumped"),
    [
        ("plain", {"a": [1]}, {"a": [1]}),
        ("bytes", b"hi", "aGk="),
        ("bytes", None, None),
        ("date", pendulum.datetime(2020, 1, 2, tz="America/New_York"),
         {"dt": "2020-01-02T00:00:00", "tz": "America/New_York"}),
        ("date", pendulum.parse("2020-01-02T03:00:00+05:30"),
         {"dt": "2020-01-02T03:00:00", "tz": "+05:30"}),
        ("function", json.dumps, "json.dumps"),
        ("list", [1, 2], [1, 2]),
    ],
)  # fmt: skip
def test_fields_round_trip(name: str, value: Any, dumped: Any) -> None:
    """As Prefect 1.4.1 wrote them."""
    assert Fields().dump({name: value}) == {name: dumped}
    assert Fields().load({name: dumped}) == {name: value}


def test_fields_reject_and_select() -> None:
    """Unknown functions, wrong base64, wrong dates; nested values that are computed."""
    assert Fields().dump({"list": {3, 1}}) == {"list": [1, 3]}
    dumped = Fields().dump({"n": 4})
    assert dumped["nested"]["x"] == 4
    uid = "6c49d1ba-0d1b-4ebf-a2a5-2f21e9bd1d44"
    assert Fields().load({"uuid": uid}) == {"uuid": uid}
    assert Fields().load({"loose": "a.b"}) == {"loose": "a.b"}
    for bad in (
        {"function": "os.system"},
        {"bytes": "a"},
        {"date": "yesterday"},
        {"date": {"dt": "x", "tz": "UTC"}},
        {"uuid": "x"},
    ):
        with pytest.raises(marshmallow.ValidationError):
            Fields().load(bad)
    with pytest.raises(marshmallow.ValidationError, match="Invalid function reference"):
        Fields().dump({"function": print})
    with pytest.raises(marshmallow.ValidationError, match="must be JSON compatible"):
        Fields().dump({"plain": object()})


def factory(when: datetime, at: time, span: timedelta, number: int) -> Any:
    """A function that holds one of each."""

    def inner() -> tuple[Any, ...]:
        return when, at, span, number

    return inner


def test_stateful_functions_hold_times() -> None:
    """Dates, times and periods are written as text and come back."""

    class Schema(marshmallow.Schema):
        f = StatefulFunctionReference(valid_functions=[factory])

    state = (pendulum.datetime(2020, 1, 2), time(3), timedelta(days=1, seconds=0.5), 3)
    dumped = Schema().dump({"f": factory(*state)})
    assert Schema().load(json.loads(json.dumps(dumped)))["f"]() == state
    with pytest.raises(marshmallow.ValidationError, match="custom functions aren't supported"):
        Schema().dump({"f": print})
    for bad in (3, {"fn": "os.system"}, {"fn": dumped["f"]["fn"], "kwargs": {"x": 1}}):
        with pytest.raises(marshmallow.ValidationError, match="Invalid function reference"):
            Schema().load({"f": bad})


def test_object_schemas_make_objects() -> None:
    """Unless that is not wanted; versions are written and ignored."""

    class Point:
        def __init__(self, x: int) -> None:
            self.x = x

    class PointSchema(ObjectSchema):
        class Meta:
            object_class = lambda: Point
            exclude_fields = ("y",)

        x = marshmallow.fields.Integer()
        y = marshmallow.fields.Integer()

    class Shape(OneOfSchema):
        type_schemas = {"Point": PointSchema}

    dumped = PointSchema().dump(Point(1))
    assert dumped["x"] == 1 and dumped["__version__"]
    assert PointSchema().load({**dumped, "y": 2, "z": 3}).x == 1
    assert PointSchema().load(dumped, create_object=False) == {"x": 1}
    assert Shape().load(Shape().dump(Point(2))).x == 2
    assert [p.x for p in Shape(many=True).load(Shape(many=True).dump([Point(3)]))] == [3]
    for bad in ({"type": "Line"}, 3, {}):
        with pytest.raises(marshmallow.ValidationError):
            Shape().load(bad)
    with pytest.raises(marshmallow.ValidationError, match="Unsupported object type: int"):
        Shape().dump(3)
