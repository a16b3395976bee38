"""The schemas are ordinary marshmallow schemas: nested, subclassed, with options and hooks."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import (
    EXCLUDE,
    INCLUDE,
    RAISE,
    Schema,
    ValidationError,
    fields,
    post_dump,
    post_load,
    pre_dump,
    pre_load,
    validate,
    validates_schema,
)

from prefect_results.results import LocalResult, Result
from prefect_results.serializers import JSONSerializer
from prefect_results.states import Failed, Mapped, Retrying, State, Submitted, Success
from prefect_results.wire import ResultSchema, SerializerSchema, StateSchema
from prefect_results.wire.fields import Text
from prefect_results.wire.states import schema_of


class RunSchema(Schema):
    """A user's schema with ours inside."""

    name = fields.Str()
    state = fields.Nested(StateSchema)
    result = fields.Nested(ResultSchema, allow_none=True)
    serializer = fields.Nested(SerializerSchema)
    history = fields.List(fields.Nested(StateSchema))
    by_name = fields.Dict(keys=fields.Str(), values=fields.Nested(StateSchema))
    many = fields.Nested(StateSchema, many=True)


def test_nested() -> None:
    """Nested fields of each kind are dumped and loaded."""
    run = {
        "name": "n",
        "state": Success("s", result=1),
        "result": None,
        "serializer": JSONSerializer(),
        "history": [Failed("f"), Retrying("r", run_count=2)],
        "by_name": {"x": Success("x")},
        "many": [Success("m")],
    }
    form = RunSchema().dump(run)
    assert form["state"] == Success("s", result=1).serialize()
    assert form["many"][0]["message"] == "m"
    loaded = RunSchema().load(form)
    assert loaded["state"].load_result().result == 1
    assert loaded["history"] == run["history"]
    assert loaded["serializer"] == JSONSerializer()
    assert loaded["many"] == run["many"]
    form["history"][1]["run_count"] = "x"
    form["many"][0]["type"] = "?"
    with pytest.raises(ValidationError) as caught:
        RunSchema().load(form)
    assert caught.value.messages == {
        "history": {1: {"run_count": ["Not a valid integer."]}},
        "many": {0: {"type": ["Unsupported value: '?'"]}},
    }


def test_many() -> None:
    """`many` dumps and loads lists; errors have the index."""
    states = [Success("a"), Mapped(map_states=[None, None]), Submitted(state=Retrying(run_count=2))]
    for schema in (StateSchema(many=True), StateSchema()):
        form = schema.dump(states, many=True)
        assert form == [state.serialize() for state in states]
        assert schema.load(form, many=True) == states
    form[1]["message"] = 3
    with pytest.raises(ValidationError) as caught:
        StateSchema(many=True).load(form)
    assert caught.value.messages == {1: {"message": ["Not a valid string."]}}
    with pytest.raises(ValidationError) as caught:
        StateSchema(many=True).dump([Success(), Success(context={"a": object()})])
    assert set(caught.value.messages) == {1}


def test_only_and_exclude() -> None:
    """`only` and `exclude` name fields of any member, also inside of nested ones."""
    state = Retrying("m", run_count=2, result=LocalResult(dir="/x", location="y"))
    only = StateSchema(only=("type", "message", "run_count"))
    assert only.dump(state) == {"type": "Retrying", "message": "m", "run_count": 2}
    assert only.dump(Success("s")) == {"type": "Success", "message": "s"}
    without = StateSchema(exclude=("context", "run_count", "__version__", "start_time"))
    assert set(without.dump(state)) == {"type", "message", "_result", "cached_inputs"}
    inside = StateSchema(only=("type", "_result.location"))
    assert inside.dump(state) == {"type": "Retrying", "_result": {"location": "y"}}
    outside = type("Outer", (Schema,), {"state": fields.Nested(StateSchema, only=("message",))})
    assert outside().dump({"state": state}) == {"state": {"message": "m"}}
    instance = fields.Nested(StateSchema(exclude=("context",)), only=("message", "context"))
    assert type("O", (Schema,), {"s": instance})().dump({"s": state}) == {"s": {"message": "m"}}
    with pytest.raises(ValueError, match="no_such"):
        StateSchema(only=("no_such",))
    loaded = StateSchema(only=("type", "run_count")).load(state.serialize())
    assert loaded.message is None
    assert loaded.run_count == 2


def test_unknown_fields() -> None:
    """What is not known is left out, unless the schema is told otherwise."""
    form = {**Success("m").serialize(), "new": 1}
    assert StateSchema().load(form) == Success("m")
    assert StateSchema().load(form, unknown=EXCLUDE) == Success("m")
    assert StateSchema().load(form, unknown=INCLUDE) == Success("m")
    with pytest.raises(ValidationError) as caught:
        StateSchema().load(form, unknown=RAISE)
    assert caught.value.messages == {"new": ["Unknown field."]}
    with pytest.raises(ValidationError):
        StateSchema(unknown=RAISE).load(form)


class Hooked(StateSchema):
    """Hooks of each kind."""

    @pre_load
    def lower(self, data: Any, **kwargs: Any) -> Any:
        """Read a message in another field."""
        return {**data, "message": data["said"]} if "said" in data else data

    @post_load
    def pair(self, state: State, **kwargs: Any) -> Any:
        """Load a pair."""
        return "loaded", state

    @pre_dump
    def unpair(self, obj: Any, **kwargs: Any) -> Any:
        """Dump what is loaded."""
        return obj[1] if isinstance(obj, tuple) else obj

    @post_dump
    def say(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """Write a message to another field."""
        data["said"] = data.pop("message")
        return data

    @validates_schema
    def check(self, data: Any, **kwargs: Any) -> None:
        """Refuse a word."""
        if isinstance(data, State) and data.message == "no":
            raise ValidationError("refused", "message")


def test_hooks_of_a_subclass() -> None:
    """Hooks run, on one object and on many."""
    form = Hooked().dump(Success("s"))
    assert form["said"] == "s"
    assert "message" not in form
    assert Hooked().load(form) == ("loaded", Success("s"))
    assert Hooked().dump(("loaded", Success("s"))) == form
    assert Hooked(many=True).dump([Success("s")]) == [form]
    assert Hooked(many=True).load([form]) == [("loaded", Success("s"))]
    with pytest.raises(ValidationError):
        Hooked().load({**form, "said": "no"})


def test_members_of_a_subclass() -> None:
    """A subclass may replace the schema of a type, or say the types in another way."""

    class Loud(schema_of(Success)):  # type: ignore[misc]
        @post_dump
        def shout(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
            return {**data, "message": data["message"].upper()}

    class Mine(StateSchema):
        type_schemas = {**StateSchema.type_schemas, "Success": Loud}

    assert Mine().dump(Success("s"))["message"] == "S"
    assert Mine().dump(Failed("s"))["message"] == "s"

    class Renamed(StateSchema):
        def get_obj_type(self, obj: Any) -> str | None:
            return "Success"

        def get_data_type(self, data: Any) -> Any:
            return "Failed"

    form = Renamed().dump(Failed("f"))
    assert form["type"] == "Success"
    assert type(Renamed().load(form)) is Failed


def test_a_member_alone() -> None:
    """The schema of one class works without the family, and a changed field is honoured."""
    schema = schema_of(Retrying)
    form = schema().dump(Retrying("m", run_count=2))
    assert form["type"] == "Retrying"
    assert schema().load(form).run_count == 2

    class Strict(schema):  # type: ignore[misc,valid-type]
        message = Text(required=True, validate=validate.Length(max=3))

    assert Strict().load({"message": "ok"}).message == "ok"
    for bad in ({}, {"message": "long"}):
        with pytest.raises(ValidationError):
            Strict().load(bad)


def test_handlers_and_validation() -> None:
    """`validate` gives the errors; `handle_error` sees them."""

    class Seen(StateSchema):
        def handle_error(self, error: ValidationError, data: Any, **kwargs: Any) -> None:
            raise LookupError(str(error.messages))

    assert StateSchema().validate({"type": "Success"}) == {}
    assert StateSchema().validate({"type": "Success", "message": 3}) == {
        "message": ["Not a valid string."]
    }
    with pytest.raises(LookupError):
        Seen().load({"type": "x"})


def test_texts() -> None:
    """`dumps` and `loads` work on text."""
    schema = StateSchema()
    assert schema.loads(schema.dumps(Success("s"))) == Success("s")


def test_partial_and_shared_instances() -> None:
    """Partial loads need nothing; instances without options are independent of each other."""
    assert ResultSchema().load({"type": "GCSResult", "bucket": "b"}).bucket == "b"
    assert isinstance(StateSchema(partial=True).load({"type": "Success"}), Success)
    one, other = StateSchema(), StateSchema()
    one.many = True
    assert other.dump(Success("s"))["message"] == "s"


def test_other_objects_are_refused() -> None:
    """A schema of states dumps states only."""
    for thing in (None, 3, Result(1)):
        with pytest.raises(ValidationError, match="Unsupported object type"):
            StateSchema().dump(thing)
    with pytest.raises(ValidationError):
        ResultSchema().dump(Success())
