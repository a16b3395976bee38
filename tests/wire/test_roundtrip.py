"""What is dumped, sent as JSON and loaded is what it was."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from prefect_results.context import context
from prefect_results.results import LocalResult, NoResult, Result
from prefect_results.serializers import ResultSerializer, register_serializer
from prefect_results.states import (
    Cached,
    Failed,
    Mapped,
    Queued,
    Retrying,
    Scheduled,
    State,
    Submitted,
    Success,
)
from prefect_results.testing.wire import all_states, inline_results, json_values, results
from prefect_results.wire import ResultSchema, SerializerSchema, StateSchema


def sent(form: Any) -> Any:
    """Returns a form as it arrives after a trip as JSON text."""
    return json.loads(json.dumps(form, allow_nan=False))


def same_results(left: dict[str, Result], right: dict[str, Result]) -> bool:
    """Tells whether results by name are equal once they are in their serialized form."""
    return {key: one.serialize() for key, one in left.items()} == {
        key: one.serialize() for key, one in right.items()
    }


@given(all_states())
def test_states(state: State) -> None:
    """Every field of every kind of state survives, and the state itself is as it was."""
    before = dict(state.__dict__)
    form = state.serialize()
    assert sent(form) == form
    assert all(state.__dict__[name] is value for name, value in before.items())
    loaded = State.deserialize(sent(form))
    assert type(loaded) is type(state)
    for name, value in before.items():
        if name == "_result":
            if not isinstance(state, Mapped):
                assert same_results({"": loaded._result}, {"": value})
        elif name == "cached_inputs":
            assert same_results(loaded.cached_inputs, value)
        elif name not in ("map_states", "_state"):
            assert getattr(loaded, name) == value
    assert sent(loaded.serialize()) == form


@given(inline_results())
def test_values_travel_inline(result: Result) -> None:
    """A result without storage takes its value with it, also through an unrelated process."""
    loaded = ResultSchema().load(sent(ResultSchema().dump(result)))
    assert type(loaded) is type(result)
    assert loaded.deserialize().value == result.value
    assert loaded.serializer == result.serializer or result is NoResult


@given(st.lists(results(), max_size=4))
def test_many_results(many: list[Result]) -> None:
    """Many results are dumped and loaded at once as they are one by one."""
    schema = ResultSchema(many=True)
    forms = schema.dump(many)
    assert forms == [ResultSchema().dump(one) for one in many]
    assert schema.load(forms) == [ResultSchema().load(form) for form in forms]


def test_stored_values(tmp_path: Path) -> None:
    """Dumping writes a value that is not stored yet, once; loading reads nothing."""
    state = Success(result=LocalResult(dir=str(tmp_path), location="{x}.pickle", value=[1]))
    with context(x="here"):
        form = state.serialize()
    assert state.result == [1]
    assert [file.name for file in tmp_path.iterdir()] == ["here.pickle"]
    loaded = State.deserialize(sent(form))
    assert loaded.result is None
    assert loaded.load_result() is loaded
    assert loaded.result == [1]
    again = loaded.serialize()
    assert again == form
    assert len(list(tmp_path.iterdir())) == 1


def test_checkpointed_values_are_not_written_again(tmp_path: Path) -> None:
    """A result that knows where it is stored is dumped as it is."""
    written = LocalResult(dir=str(tmp_path)).write({"a": 1})
    before = written.location
    form = Success(result=written).serialize()
    assert form["_result"]["location"] == before
    assert "value" not in form["_result"]
    assert len(list(tmp_path.iterdir())) == 1


def test_none_needs_nothing(tmp_path: Path) -> None:
    """A value of None travels without bytes or files."""
    for result in (Result(None), LocalResult(dir=str(tmp_path))):
        form = sent(ResultSchema().dump(result))
        assert form["location"] is None
        loaded = ResultSchema().load(form).deserialize()
        assert loaded.value is None
        assert type(loaded) is type(result)
    assert not list(tmp_path.iterdir())


class Doubling(ResultSerializer):
    """Returns JSON itself, as PIN-4 has it."""

    def serialize(self, value: Any) -> Any:
        """Return an object."""
        return {"twice": [value, value]}

    def deserialize(self, value: Any) -> Any:
        """Undo it."""
        return value["twice"][0]


register_serializer(Doubling)


@given(json_values())
def test_result_serializers_keep_json(value: Any) -> None:
    """What a ResultSerializer returns is in the form as it is."""
    form = sent(ResultSchema().dump(Result(value, None, Doubling())))
    if value is not None:
        assert form["value"] == {"encoding": "json", "data": {"twice": [value, value]}}
    assert ResultSchema().load(form).deserialize().value == value


def test_failures_with_exceptions() -> None:
    """An exception travels; one that cannot be pickled is replaced by words."""

    class Stubborn(Exception):
        def __reduce__(self) -> Any:
            raise TypeError("never")

    loaded = State.deserialize(sent(Failed("m", result=ValueError("v")).serialize()))
    assert isinstance(loaded.load_result().result, ValueError)
    state = Failed("m", result=Stubborn("s"))
    loaded = State.deserialize(sent(state.serialize()))
    assert "could not be pickled" in loaded.load_result().result
    assert isinstance(state.result, Stubborn)


def test_unserializable_values_are_refused() -> None:
    """A value that its serializer cannot handle is an error with the path to it."""
    with pytest.raises(ValidationError) as caught:
        Success(result=(item for item in [])).serialize()
    assert "cannot serialize" in caught.value.messages["_result"]["value"][0]


def test_results_of_flow_runs_are_left_out() -> None:
    """The states of a flow's tasks do not travel inside the state of the flow."""
    form = Success(result={object(): Success(result=open)}).serialize()
    assert form["_result"]["location"] is None
    assert "value" not in form["_result"]


def test_context_is_json_or_refused() -> None:
    """What JSON cannot hold in context or parameters is a ValidationError that names it."""
    with pytest.raises(ValidationError, match="must be JSON compatible") as caught:
        StateSchema().dump(Success(context={"a": {"b": [1, object()]}}))
    assert "`Success.context`" in str(caught.value)
    assert '["' not in str(caught.value.messages["context"]["a"]["value"][0])[:5]
    for value in (float("nan"), {1, 2}, b"x"):
        with pytest.raises(ValidationError, match=r"Cached\.cached_parameters"):
            StateSchema().dump(Cached(cached_parameters={"p": value}))
    form = StateSchema().dump(Cached(cached_parameters={"p": (1, 2), 3: {None: 1}}))
    assert form["cached_parameters"] == {"p": [1, 2], "3": {"null": 1}}


def test_all_problems_are_reported() -> None:
    """A dump names every field that it could not dump."""
    state = Retrying(context={"a": object()}, run_count=3)
    state.run_count = "x"
    state.start_time = "soon"
    state.cached_inputs = {"k": 3, "ok": Result(1)}
    with pytest.raises(ValidationError) as caught:
        state.serialize()
    assert set(caught.value.messages) == {"context", "run_count", "start_time", "cached_inputs"}
    assert set(caught.value.messages["cached_inputs"]) == {"k"}


def test_mapped_states_travel_without_children() -> None:
    """A mapped state says how many children it has; their states are records of their own."""
    form = Mapped(map_states=[Success(), Failed()]).serialize()
    assert form["n_map_states"] == 2
    assert not {"map_states", "_result"} & form.keys()
    loaded = State.deserialize(form)
    assert loaded.map_states == [None, None]
    assert loaded._result is NoResult


def test_wrapped_states() -> None:
    """A wrapper travels with what it wraps, which is never a wrapper."""
    state = Queued(state=Submitted(state=Retrying(run_count=4)))
    loaded = State.deserialize(sent(state.serialize()))
    assert type(loaded.state) is Retrying
    assert loaded.state.run_count == 4


def test_loaded_states_ignore_the_run_around_them() -> None:
    """Loading inside of a task run adds neither its tags nor its run count."""
    form = Scheduled(context={"a": 1}).serialize()
    with context(task_tags={"t"}, task_run_count=7):
        loaded = State.deserialize(form)
        assert Success().context == {"tags": ["t"]}
    assert loaded.context == {"a": 1}


def test_forms_share_nothing_with_states() -> None:
    """Changing a form changes no state, and the reverse."""
    state = Success(context={"a": [1]})
    form = state.serialize()
    loaded = State.deserialize(form)
    kept = copy.deepcopy(form)
    state.context["a"].append(2)
    loaded.context["a"].append(3)
    assert form == kept


def test_serializer_forms() -> None:
    """A serializer is its type and its options."""
    schema = SerializerSchema()
    assert schema.dump(Doubling()) == {"type": "Doubling"}
    assert schema.load({"type": "Doubling"}) == Doubling()


def test_references_equal_themselves_after_a_trip() -> None:
    """States that hold only locations are equal to what arrives, as in Prefect 1.4.1."""
    reference = LocalResult(dir="/x", validate_dir=False, location="y")
    state = Retrying(cached_inputs={"a": reference, "b": Result()}, result=reference, run_count=2)
    assert State.deserialize(sent(state.serialize())) == state
