"""Whatever a payload holds, loading it gives an object or a ValidationError, and nothing else."""

from __future__ import annotations

import os
import sys
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from prefect_results.results import Result
from prefect_results.serializers import Serializer
from prefect_results.states import State
from prefect_results.testing.wire import GARBAGE, all_states, results, spoiled
from prefect_results.wire import ResultSchema, SerializerSchema, StateSchema

# Spoiled forms of each good one.
EACH = int(os.environ.get("WIRE_SPOILED", "200"))


def loaded(schema: type[Any], form: Any) -> Any:
    """Returns the loaded object, or the errors."""
    try:
        return schema().load(form)
    except ValidationError as exc:
        return exc.messages


@settings(max_examples=25)
@given(st.integers(), all_states())
def test_states(seed: int, state: State) -> None:
    """Spoiled states load or are refused, by the thousand."""
    form, random = state.serialize(), Random(seed)
    for _ in range(EACH):
        worse = spoiled(form, random)
        assert isinstance(loaded(StateSchema, worse), (State, dict)), worse


@settings(max_examples=15)
@given(st.integers(), results())
def test_results(seed: int, result: Result) -> None:
    """Spoiled results load or are refused, by the thousand."""
    form, random = ResultSchema().dump(result), Random(seed)
    for _ in range(EACH):
        worse = spoiled(form, random)
        assert isinstance(loaded(ResultSchema, worse), (Result, dict)), worse


@pytest.mark.parametrize("form", GARBAGE)
def test_garbage(form: Any) -> None:
    """What is no form at all is refused."""
    for schema in (StateSchema, ResultSchema, SerializerSchema):
        assert isinstance(loaded(schema, form), (dict, Serializer, Result, State))
        with pytest.raises(ValidationError):
            schema(many=True).load(object())


@pytest.mark.parametrize(
    ("form", "messages"),
    [
        ({}, {"type": ["Missing data for required field."]}),
        ({"type": "FakeState"}, {"type": ["Unsupported value: 'FakeState'"]}),
        ({"type": ["x"]}, {"type": ["Invalid value: ['x']"]}),
        ([], {"_schema": ["Invalid data type: []"]}),
        (None, {"_schema": ["Invalid data type: None"]}),
        ({"type": "Success", "message": 3}, {"message": ["Not a valid string."]}),
        ({"type": "Success", "context": []}, {"context": ["Not a valid mapping type."]}),
        ({"type": "Success", "_result": None}, {"_result": ["Field may not be null."]}),
        (
            {"type": "Success", "_result": 3},
            {"_result": {"_schema": ["Invalid data type: 3"]}},
        ),
        (
            {"type": "Success", "_result": {"type": "LocalResult", "dir": 3}},
            {"_result": {"dir": ["Not a valid string."]}},
        ),
        (
            {"type": "Success", "_result": {"type": "S3Result"}},
            {"_result": {"bucket": ["Missing data for required field."]}},
        ),
        (
            {"type": "Retrying", "cached_inputs": {"x": {"type": "LocalResult", "dir": 3}}},
            {"cached_inputs": {"x": {"value": {"dir": ["Not a valid string."]}}}},
        ),
        (
            {"type": "Queued", "start_time": "x", "state": {"type": "Success", "message": 3}},
            {
                "start_time": ["Not a valid datetime."],
                "state": {"message": ["Not a valid string."]},
            },
        ),
        ({"type": "Looped", "loop_count": None}, {"loop_count": ["Field may not be null."]}),
        (
            {"type": "Mapped", "n_map_states": 10**12},
            {"n_map_states": ["Must be between 0 and 1000000."]},
        ),
        (
            {"type": "Success", "_result": {"type": "Result", "value": "x"}},
            {"_result": {"value": ["Not an object with encoding (base64, json) and data."]}},
        ),
        (
            {
                "type": "Success",
                "_result": {"type": "Result", "value": {"encoding": "base64", "data": 3}},
            },
            {"_result": {"value": {"data": ["Not a valid string."]}}},
        ),
        (
            {"type": "Success", "_result": {"type": "Result", "serializer": {"type": 3}}},
            {"_result": {"serializer": {"type": ["Not a valid string."]}}},
        ),
    ],
)
def test_errors_have_the_path(form: Any, messages: dict[str, Any]) -> None:
    """The errors are keyed by the path to what is wrong; words as in Prefect 1.4.1."""
    assert loaded(StateSchema, form) == messages


def nested(depth: int, around: Any) -> Any:
    """Returns something nested `depth` times."""
    form: Any = 1
    for _ in range(depth):
        form = around(form)
    return form


def test_states_nested_very_deep() -> None:
    """Ten thousand states inside each other are refused, not followed."""
    form: Any = {"type": "Success"}
    for _ in range(10_000):
        form = {"type": "Submitted", "state": form}
    assert loaded(StateSchema, form) == {"state": ["States are nested deeper than 10."]}


@pytest.mark.parametrize("around", [lambda one: [one], lambda one: {"a": one}, lambda one: (one,)])
@pytest.mark.parametrize("depth", [90, 110, 10_000])
def test_values_nested_very_deep(around: Any, depth: int) -> None:
    """JSON is taken up to 100 levels deep, in each field that holds any."""
    deep = nested(depth, around)
    for form in (
        {"type": "Cached", "cached_parameters": deep},
        {"type": "Success", "context": {"a": deep}},
        {"type": "Success", "_result": {"type": "Result", "value": deep}},
        {"type": "Success", "_result": {"type": "Mine", "value": deep}},
        {"type": "Success", "_result": {"type": "Result", "serializer": {"type": "X", "a": deep}}},
    ):
        outcome = loaded(StateSchema, form)
        if depth > 100:
            assert "nested deeper" in str(outcome).lower()


def test_serializers_nested_very_deep() -> None:
    """A serializer inside of a serializer inside of a serializer ends somewhere."""
    form: Any = {"type": "PickleSerializer"}
    for _ in range(10_000):
        form = {"type": "CompressedSerializer", "serializer": form, "format": "zlib"}
    assert "nested deeper" in str(loaded(SerializerSchema, form))


def test_things_that_hold_themselves() -> None:
    """A form that holds itself is refused."""
    form: dict[str, Any] = {"type": "Submitted"}
    form["state"] = form
    assert isinstance(loaded(StateSchema, form), dict)
    form = {"type": "Success", "context": {}}
    form["context"]["x"] = form
    assert isinstance(loaded(StateSchema, form), dict)


def test_near_the_recursion_limit() -> None:
    """Where the caller has little stack left, the error still is a ValidationError."""

    def at(depth: int) -> Any:
        return at(depth - 1) if depth else loaded(StateSchema, form)

    form = {"type": "Cached", "cached_parameters": nested(90, lambda one: [one])}
    frame, used = sys._getframe(), 0
    while frame is not None:
        frame, used = frame.f_back, used + 1  # type: ignore[assignment]
    outcome = at(sys.getrecursionlimit() - used - 120)
    assert isinstance(outcome, (State, dict))


def test_nothing_is_imported_or_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name in a payload imports nothing."""
    monkeypatch.delitem(sys.modules, "this", raising=False)
    for name in ("this.Result", "this", "builtins.eval", "os.system"):
        for form in (
            {"type": name},
            {"type": "Success", "_result": {"type": name, "location": "x"}},
            {"type": "Success", "_result": {"type": "CustomResult", "custom_type": name}},
            {"type": "Success", "_result": {"type": "Result", "serializer": {"type": name}}},
        ):
            loaded(StateSchema, form)
    assert "this" not in sys.modules
