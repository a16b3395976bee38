"""What every result is: immutable, comparable, serialized on demand."""

from __future__ import annotations

import copy
import json
import pickle
import re
from datetime import datetime
from typing import Any

import cloudpickle
import numpy as np
import pandas as pd
import pytest

from prefect_results.exceptions import (
    Corrupt,
    DeserializationError,
    ImmutableError,
    MalformedTemplate,
    SerializationError,
    UnknownTemplateName,
)
from prefect_results.results import NoResult, NoResultType, Result, ResultNotImplementedError
from prefect_results.results.location import fill
from prefect_results.serializers import (
    DateTimeSerializer,
    JSONSerializer,
    PickleSerializer,
    ResultSerializer,
)


class Broken:
    """Raises at everything."""

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no comparison")

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        raise RuntimeError("no repr")


def test_the_signature_of_prefect_1_4_1() -> None:
    """Value, location and serializer, in this order, each with a default."""
    result = Result(3, "there", JSONSerializer())
    assert (result.value, result.location, result.serializer) == (3, "there", JSONSerializer())
    assert Result().value is None
    assert Result().location is None
    assert Result().serializer == PickleSerializer()
    assert Result(serializer=None).serializer == PickleSerializer()
    assert Result().serialized is False
    assert Result(
        value=None, serialized=True, serializer=JSONSerializer(), location=None
    ).serialized


def test_a_callable_location_is_no_location_yet() -> None:
    """The callable is kept for later; there is no location before it was called."""
    result = Result(location=lambda **kwargs: "made")
    assert result.location is None
    assert result.format().location == "made"


def test_format_fills_templates() -> None:
    """Templates are those of `str.format`; the original stays as it was."""
    result = Result(value=1, location="{one}/{two[k]}-{three:%Y}-{{}}")
    new = result.format(one=1, two={"k": "x"}, three=datetime(2020, 1, 1))
    assert new.location == "1/x-2020-{}"
    assert new.value == 1
    assert result.location == "{one}/{two[k]}-{three:%Y}-{{}}"
    with pytest.raises(KeyError, match="one"):
        result.format()
    with pytest.raises(UnknownTemplateName):
        result.format(two=2)


@pytest.mark.parametrize("template", ["{", "{}", "{0}", "a}b", "{x:%Y}"])
def test_a_malformed_template_is_named(template):
    """What `str.format` cannot fill is a ValueError that shows the template."""
    with pytest.raises(MalformedTemplate, match=re.escape(repr(template))) as caught:
        Result(location=template).format(x=1)
    assert isinstance(caught.value, ValueError)


def test_format_without_a_template() -> None:
    """The default location has the date and a unique name."""
    location = Result().format().location
    assert location is not None
    assert location.endswith(".prefect_result")
    assert len(location.split("/")) == 4
    assert Result().format().location != location


def test_the_base_class_stores_nothing() -> None:
    """Read, write and exists are for types that store."""
    result = Result()
    for call in (
        lambda: result.read("a"),
        lambda: result.write("a"),
        lambda: result.exists("a"),
    ):
        with pytest.raises(ResultNotImplementedError, match="Not implemented on the base Result"):
            call()
    assert issubclass(ResultNotImplementedError, NotImplementedError)


def test_nothing_can_be_assigned() -> None:
    """Attributes are set when a result is made, and never again."""
    result = Result(1)
    for name in ("value", "location", "serializer", "serialized", "_formatter", "other"):
        with pytest.raises(ImmutableError, match=f"its {name} cannot be assigned"):
            setattr(result, name, 2)
    with pytest.raises(AttributeError):
        del result.value
    assert result.value == 1


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        (Result(1), Result(1), True),
        (Result(1), Result(2), False),
        (Result(1, "a"), Result(1, "b"), False),
        (Result(1, serializer=JSONSerializer()), Result(1), False),
        (Result(1), 1, False),
        (Result(1), NoResult, False),
        (Result(None), NoResult, False),
        (Result(np.arange(3)), Result(np.arange(3)), True),
        (Result(np.arange(3)), Result(np.arange(4)), False),
        (Result(np.arange(3)), Result(np.array([0, 1, 9])), False),
        (Result(np.arange(3)), Result([0, 1, 2]), False),
        (Result(pd.DataFrame({"a": [1, None]})), Result(pd.DataFrame({"a": [1, None]})), True),
        (Result(pd.DataFrame({"a": [1]})), Result(pd.DataFrame({"b": [1]})), False),
        (Result({"a": [np.arange(2)]}), Result({"a": [np.arange(2)]}), True),
        (Result({"a": [np.arange(2)]}), Result({"a": [np.ones(2)]}), False),
        (Result(Broken()), Result(Broken()), False),
        (Result(float("nan")), Result(1.0), False),
    ],
)
def test_equality_never_raises(left: Result, right: Any, equal: bool) -> None:
    """Results compare by type, location, serializer and value, whatever the value is."""
    assert (left == right) is equal
    assert (left != right) is not equal
    assert left == left


def test_repr_never_raises() -> None:
    """A result prints its type and value, also one that cannot be printed."""
    assert repr(Result(3)) == "<Result: 3>"
    assert repr(Result("a")) == "<Result: 'a'>"
    assert "Broken" in repr(Result(Broken()))


def test_from_value_and_copy_leave_the_original() -> None:
    """A new value has no location; a copy has everything."""
    result = Result(1, "a/{b}", JSONSerializer())
    new = result.from_value(2)
    assert (new.value, new.location, new.serializer) == (2, None, JSONSerializer())
    assert (result.value, result.location) == (1, "a/{b}")
    for same in (result.copy(), copy.copy(result), copy.deepcopy(result)):
        assert same == result
        assert same is not result
    assert type(new) is Result


def test_with_location() -> None:
    """Another location, template or callable replaces the one there was."""
    result = Result(1, "a")
    assert result.with_location("b/{c}").format(c=1).location == "b/1"
    assert result.with_location(lambda **kwargs: "made").format().location == "made"
    assert result.with_location(None).location is None
    assert result.location == "a"


@pytest.mark.parametrize("dumps", [pickle.dumps, cloudpickle.dumps])
def test_results_can_be_pickled(dumps: Any) -> None:
    """A pickled result is equal and immutable."""
    result = pickle.loads(dumps(Result([1], "a", JSONSerializer())))
    assert result == Result([1], "a", JSONSerializer())
    with pytest.raises(ImmutableError):
        result.value = 1


@pytest.mark.parametrize("value", [None, 0, "x", [1, (2,)], {1: {2}}, b"\x00\xff"])
def test_serializing_and_back(value: Any) -> None:
    """The serialized value is JSON and describes itself; the original is untouched."""
    result = Result(value)
    serialized = result.serialize()
    assert serialized.serialized is True
    assert serialized.value["encoding"] == "base64"
    assert json.loads(json.dumps(serialized.value)) == serialized.value
    assert serialized.serialize() is serialized
    back = serialized.deserialize()
    assert back == result
    assert back.deserialize() is back
    assert (result.value, result.serialized) == (value, False)


def test_a_serializer_that_returns_json_is_kept_as_it_is() -> None:
    """What a `ResultSerializer` returns is inline without another encoding (PIN-4)."""

    class Doubled(ResultSerializer):
        def serialize(self, value: Any) -> Any:
            return {"half": value / 2}

        def deserialize(self, value: Any) -> Any:
            return value["half"] * 2

    result = Result(4, serializer=Doubled())
    assert result.serialize().value == {"encoding": "json", "data": {"half": 2.0}}
    assert result.serialize().deserialize().value == 4


def test_values_that_cannot_be_serialized() -> None:
    """The error names the type of the value and the serializer, and has its cause."""
    with pytest.raises(SerializationError, match=r"set, which JSONSerializer\(\) cannot") as caught:
        Result({1}, serializer=JSONSerializer()).serialize()
    assert isinstance(caught.value, TypeError)
    assert isinstance(caught.value.__cause__, TypeError)
    with pytest.raises(SerializationError, match="generator"):
        Result(i for i in ()).serialize()
    with pytest.raises(SerializationError, match="DateTimeSerializer"):
        Result("x", serializer=DateTimeSerializer()).serialize()


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ({"encoding": "base64", "data": "gAVL"}, Corrupt),
        ({"encoding": "base64", "data": ""}, Corrupt),
        ({"encoding": "base64", "data": "#"}, (Corrupt, DeserializationError)),
        ({"encoding": "base64"}, DeserializationError),
        ({"encoding": "rot13", "data": "x"}, DeserializationError),
        ("text", DeserializationError),
        (5, DeserializationError),
        ([], DeserializationError),
    ],
)
def test_damaged_inline_values(value: Any, error: Any) -> None:
    """An inline value that is none raises one of two errors."""
    with pytest.raises(error):
        Result.revive(value=value).deserialize()


def test_errors_name_the_task() -> None:
    """Where a task is running, its name is in the words."""
    from prefect_results.context import context

    with (
        context(task_full_name="load[3]"),
        pytest.raises(SerializationError, match=r"of task 'load\[3\]'"),
    ):
        Result({1}, serializer=JSONSerializer()).serialize()


def test_hash_goes_with_equality() -> None:
    """Equal results have equal hashes, whatever their values."""
    assert hash(Result({1}, "a")) == hash(Result({1}, "a"))
    assert len({Result([1]), Result([1])}) == 1


def test_no_result_is_one_thing() -> None:
    """There is one `NoResult`, and nothing makes another or changes it."""
    assert NoResultType() is NoResult
    assert isinstance(NoResult, Result)
    for same in (
        copy.copy(NoResult),
        copy.deepcopy(NoResult),
        pickle.loads(pickle.dumps(NoResult)),
        cloudpickle.loads(cloudpickle.dumps([NoResult]))[0],
        NoResult.copy(),
        NoResult.serialize(),
        NoResult.deserialize(),
    ):
        assert same is NoResult
    assert NoResult == NoResult
    assert NoResult.value is None
    assert NoResult.from_value(3) == Result(3)
    assert repr(NoResult) == "<NoResultType: None>"
    other = NoResultType(location="{x}").format(x=1)
    assert (type(other), other.location) == (NoResultType, "1")
    assert pickle.loads(pickle.dumps(other)) == other != NoResult
    with pytest.raises(ImmutableError):
        NoResult.value = 3
    with pytest.raises(ResultNotImplementedError):
        NoResult.write(1)


def test_the_logger_has_the_name_of_the_type() -> None:
    """Each type logs under its own name."""
    assert Result().logger.name.endswith("Result")


def test_a_callable_location_that_misses_a_value_names_itself() -> None:
    """A bare KeyError would not say whose it is."""

    def where(**values: Any) -> str:
        return str(values["x"])

    with pytest.raises(UnknownTemplateName, match=r"where of task 'load' raised KeyError: 'x'"):
        fill(where, {"task_name": "load"})
