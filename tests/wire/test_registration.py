"""Types of the user's own travel once they are registered; others are kept as they came."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from marshmallow import ValidationError

from prefect_results.exceptions import DeserializationError
from prefect_results.results import LocalResult, Result, register_result_type, registry
from prefect_results.serializers import JSONSerializer, Serializer, register_serializer
from prefect_results.serializers import base as serializers
from prefect_results.states import Failed, State, Success
from prefect_results.wire import ResultSchema, StateSchema, UnknownResult, register_state_type
from prefect_results.wire.fields import Text


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forgets what a test registers."""
    monkeypatch.setattr(registry, "_by_name", dict(registry._by_name))
    monkeypatch.setattr(registry, "_names", dict(registry._names))
    monkeypatch.setattr(serializers, "_by_name", dict(serializers._by_name))
    monkeypatch.setattr(serializers, "_names", dict(serializers._names))
    schemas = dict(StateSchema.type_schemas)
    yield
    StateSchema.type_schemas.clear()  # type: ignore[attr-defined]
    StateSchema.type_schemas.update(schemas)  # type: ignore[attr-defined]


STORE: dict[str, Any] = {}


class Kept(Result):
    """Keeps values in a dict of this module, in the way of Prefect 1.4.1."""

    wire_fields = ("shelf", "size")

    shelf: str

    def __init__(self, shelf: str = "", size: Any = None, **kwargs: Any) -> None:
        self.shelf = shelf
        self.size = size
        super().__init__(**kwargs)

    def write(self, value_: Any, **kwargs: Any) -> Any:
        """Put it on the shelf."""
        new = self.format(**kwargs)
        new.value = value_
        STORE[f"{self.shelf}/{new.location}"] = value_
        return new

    def read(self, location: str) -> Any:
        """Take it from the shelf."""
        new = self.copy()
        new.location = location
        new.value = STORE[f"{self.shelf}/{location}"]
        return new


def sent(form: Any) -> Any:
    """Returns a form after a trip as text."""
    return json.loads(json.dumps(form))


def test_registered_types_round_trip() -> None:
    """A registered type arrives as itself, with its own fields, and reads its value."""
    register_result_type(Kept)
    result = Kept("s", size={"a": 1}, location="k", serializer=JSONSerializer()).write([1])
    form = sent(Success(result=result).serialize())
    assert form["_result"]["type"] == "Kept"
    loaded = State.deserialize(form)
    assert type(loaded._result) is Kept
    assert (loaded._result.shelf, loaded._result.size) == ("s", {"a": 1})
    assert loaded._result.serializer == JSONSerializer()
    assert loaded.load_result().result == [1]


def test_fields_have_types() -> None:
    """The annotation of a field is checked, and decides whether it is required."""
    register_result_type(Kept)
    with pytest.raises(ValidationError) as caught:
        ResultSchema().load({"type": "Kept", "shelf": 3, "serializer": {"type": "JSONSerializer"}})
    assert caught.value.messages == {"shelf": ["Not a valid string."]}
    with pytest.raises(ValidationError) as caught:
        ResultSchema().load({"type": "Kept"})
    assert caught.value.messages == {"shelf": ["Missing data for required field."]}


def test_dumping_writes_values_of_custom_types() -> None:
    """A custom type that can write does so when it is dumped."""
    register_result_type(Kept)
    form = Success(result=Kept("s", location="w", value=5)).serialize()
    assert STORE["s/w"] == 5
    assert State.deserialize(form).load_result().result == 5


def test_unregistered_types_are_kept() -> None:
    """A type that is registered elsewhere only is kept, shown, and refused on use."""
    form = {
        "type": "Elsewhere",
        "__version__": "9",
        "location": "there",
        "serialized": True,
        "serializer": {"type": "PickleSerializer"},
        "region": {"a": [1, None]},
    }
    state = State.deserialize({"type": "Success", "_result": form})
    assert isinstance(state._result, UnknownResult)
    assert state._result.location == "there"
    assert "Elsewhere" in repr(state._result)
    assert state.serialize()["_result"] == form
    for use in (
        state.load_result,
        state._result.deserialize,
        lambda: state._result.read("x"),
        lambda: state._result.exists("x"),
        lambda: state._result.write(1),
    ):
        with pytest.raises(DeserializationError, match=r"'Elsewhere'.*register_result_type"):
            use()


def test_unregistered_inline_values_are_refused_on_load() -> None:
    """A value that an unknown type keeps inline does not silently become None."""
    form = {"type": "Elsewhere", "value": {"encoding": "json", "data": 3}}
    with pytest.raises(DeserializationError, match="not registered"):
        State.deserialize({"type": "Success", "_result": form}).load_result()


def test_types_never_registered() -> None:
    """A type that the sender did not register travels as 1.4.1 does it, its name beside it."""
    form = sent(ResultSchema().dump(Kept("s", location="k")))
    assert form["type"] == "CustomResult"
    assert form["location"] == "k"
    assert form["custom_type"] == f"{__name__}.Kept"
    unknown = ResultSchema().load(form)
    assert isinstance(unknown, UnknownResult)
    assert ResultSchema().dump(unknown) == form
    register_result_type(Kept)
    assert type(ResultSchema().load(form)) is Kept


def test_unknown_results_are_values() -> None:
    """A placeholder can be copied, compared and pickled."""
    import copy
    import pickle

    unknown = ResultSchema().load({"type": "Elsewhere", "location": "x", "n": 1})
    for twin in (unknown.copy(), copy.deepcopy(unknown), pickle.loads(pickle.dumps(unknown))):
        assert twin == unknown
        assert ResultSchema().dump(twin) == {"type": "Elsewhere", "location": "x", "n": 1}
    assert unknown != ResultSchema().load({"type": "Elsewhere", "location": "x", "n": 2})


class Rot(Serializer):
    """A serializer of the user's own, with an option."""

    def __init__(self, by: int = 13) -> None:
        self.by = by

    def serialize(self, value: Any) -> bytes:
        """Turn each character."""
        return "".join(chr(ord(one) + self.by) for one in value).encode()

    def deserialize(self, value: bytes) -> Any:
        """Turn it back."""
        return "".join(chr(ord(one) - self.by) for one in value.decode())

    def options(self) -> dict[str, Any]:
        """How far."""
        return {"by": self.by}


def test_registered_serializers_round_trip() -> None:
    """A registered serializer arrives with its options, and reads the value."""
    register_serializer(Rot)
    form = sent(Success(result=Result("abc", None, Rot(2))).serialize())
    assert form["_result"]["serializer"] == {"type": "Rot", "by": 2}
    loaded = State.deserialize(form)
    assert loaded._result.serializer == Rot(2)
    assert loaded.load_result().result == "abc"


def test_unregistered_serializers_are_kept() -> None:
    """A serializer that is not registered here is kept, and refused on use."""
    form = sent(Success(result=Result("abc", None, Rot(2))).serialize())
    assert form["_result"]["serializer"]["type"] == f"{__name__}.Rot"
    loaded = State.deserialize(form)
    assert loaded.serialize() == form
    with pytest.raises(DeserializationError, match="register_serializer"):
        loaded.load_result()


def test_duck_typed_serializers() -> None:
    """A class with the two methods only, as 1.4.1 allows it, is named in the form."""

    class Duck:
        def serialize(self, value: Any) -> bytes:
            return repr(value).encode()

        def deserialize(self, value: bytes) -> Any:
            return value

    form = ResultSchema().dump(Result(1, None, Duck()))  # type: ignore[arg-type]
    assert form["serializer"]["type"].endswith("Duck")


class Flaky(Failed):
    """A state of the user's own."""

    def __init__(self, message: Any = None, result: Any = None, cause: str = "", **kwargs: Any):
        super().__init__(message, result, **kwargs)
        self.cause = cause


def test_registered_states_round_trip() -> None:
    """A state class of the user's own travels once it is registered."""
    with pytest.raises(ValidationError, match="Unsupported object type: Flaky"):
        Flaky("m").serialize()
    register_state_type(Flaky, cause=Text())
    loaded = State.deserialize(sent(Flaky("m", result=1, cause="c").serialize()))
    assert type(loaded) is Flaky
    assert (loaded.cause, loaded.message) == ("c", "m")
    assert loaded.load_result().result == 1


def test_names_are_taken_once() -> None:
    """Two classes cannot travel under one name."""
    taken = type("Success", (Failed,), {})
    with pytest.raises(ValueError, match="registered already"):
        register_state_type(taken)
    with pytest.raises(ValueError, match="registered already"):
        register_result_type(type("LocalResult", (Result,), {}))


def test_subclasses_of_known_types() -> None:
    """An unregistered subclass is not mistaken for its parent."""

    class Special(LocalResult):
        pass

    form = ResultSchema().dump(Special(dir="/x", location="y", validate_dir=False))
    assert form["type"] == "CustomResult"
    assert form["dir"] == "/x"
    assert isinstance(ResultSchema().load(form), UnknownResult)
