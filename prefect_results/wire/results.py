"""The JSON form of results: location, how they were serialized, and what their type adds.

Each result type says its own fields once (`wire_fields`, with annotations); its schema is made
from that. Not here: older forms (module `legacy`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import Schema, ValidationError, post_load

from prefect_results.exceptions import StorageError
from prefect_results.results import (
    NoResult,
    NoResultType,
    Result,
    StoredResult,
    result_type,
    result_type_name,
    result_types,
)
from prefect_results.states import State
from prefect_results.wire import legacy
from prefect_results.wire.family import OneOfSchema
from prefect_results.wire.fields import (
    Flag,
    JSONCompatible,
    Keyed,
    Omitted,
    OmittedText,
    OmittedWhole,
    Text,
    Whole,
)
from prefect_results.wire.links import Link, TypeName
from prefect_results.wire.ordinary import known
from prefect_results.wire.schema import ObjectSchema, make_schema
from prefect_results.wire.serializers import SerializerSchema
from prefect_results.wire.unknown import UnknownResult
from prefect_results.wire.values import NotJSON, plain, shown

# What Prefect 1.4.1 writes for all types that it does not know itself.
CUSTOM = "CustomResult"


class ResultFields(ObjectSchema):
    """What the JSON forms of all results have in common; dumping serializes the result."""

    quick = True

    location = Text(
        allow_none=True,
        metadata={"description": "Where the data lies; a template if nothing was written yet."},
    )
    serialized = Flag(metadata={"description": "Whether `value` is in its serialized form."})
    serializer = Link(SerializerSchema, metadata={"description": "How the value became data."})
    value = Omitted(
        allow_none=True,
        metadata={"description": "The serialized value, where it is kept inline: an envelope."},
    )

    @classmethod
    def ready(cls, obj: Any) -> Any:
        """Returns the result in its serialized form; the one that is given stays as it is.

        An exception that cannot be serialized is replaced by words about it, as when Prefect
        1.4.1 pickles a state. The result of a flow run, which is a dict of states, is left out,
        as these are recorded for themselves.

        Raises:
            ValidationError: if the value cannot be serialized or stored.
        """
        if not isinstance(obj, Result):
            raise ValidationError({"_schema": [f"Not a Result: {shown(obj, 80)}"]}, data=obj)
        value = obj.value
        if obj.serialized or (value is None and obj.location is None):
            return obj
        if value.__class__ is dict and value and _are_states(value):
            return obj.from_value(None)
        try:
            return obj.serialize()
        except Exception as exc:
            if isinstance(value, BaseException) and not isinstance(exc, StorageError):
                return obj.from_value(
                    f"The following exception could not be pickled due to {exc!r}: {shown(value)}"
                ).serialize()
            raise ValidationError({"value": [str(exc)]}) from exc

    @classmethod
    def build(cls, values: dict[str, Any]) -> Any:
        """Returns a result whose value is not fetched.

        Raises:
            ValidationError: if the value is serialized, but not in an envelope.
        """
        value = values.get("value")
        if value is not None and values.get("serialized", True):
            _check_envelope(value, cls.opts.object_class)
        return cls.opts.object_class.revive(**values)


def _check_envelope(value: Any, kind: type[Result]) -> None:
    # Types from elsewhere may keep what they like.
    if not kind.__module__.startswith("prefect_results."):
        return
    encoding = value.get("encoding") if isinstance(value, dict) else None
    if encoding not in ("base64", "json") or "data" not in value:
        raise ValidationError({"value": ["Not an object with encoding (base64, json) and data."]})
    if encoding == "base64" and not isinstance(value["data"], str):
        raise ValidationError({"value": {"data": ["Not a valid string."]}})


def _are_states(value: dict[Any, Any]) -> bool:
    return all(isinstance(item, State) for item in value.values())


class StoredFields(ResultFields):
    """What the JSON forms of results that lie on a filesystem have besides."""

    quick = True

    size = OmittedWhole(
        most=2**63 - 1,
        allow_none=True,
        metadata={"description": "Number of bytes at the location; absent if it is not known."},
    )
    digest = OmittedText(
        allow_none=True,
        metadata={
            "description": "`algorithm:hex` of the bytes at the location; absent if not known."
        },
    )


class NoResultSchema(ResultFields):
    """The JSON form of `NoResult`: its type only."""

    quick = True

    class Meta:
        object_class = NoResultType
        exclude = ("location", "serialized", "serializer", "value")

    @classmethod
    def ready(cls, obj: Any) -> Any:
        """Returns the object."""
        return obj

    @classmethod
    def build(cls, values: dict[str, Any]) -> Any:
        """Returns `NoResult`."""
        return NoResult


class UnknownSchema(ObjectSchema):
    """The JSON form of results of unknown types: it is kept as it is."""

    class Meta:
        object_class = UnknownResult
        type_name = CUSTOM

    location = Text(allow_none=True)

    def _serialize(self, obj: Any, *, many: bool = False) -> Any:
        if many and obj is not None:
            return [self._serialize(item) for item in obj]
        return plain(obj.form)

    def _deserialize(self, data: Any, *, error_store: Any, **options: Any) -> Any:
        loaded = super()._deserialize(data, error_store=error_store, **options)
        if isinstance(data, Mapping) and not error_store.errors:
            try:
                return {"form": plain(data)}
            except NotJSON as exc:
                error_store.store_error([str(exc)])
        return loaded

    @post_load
    def create_object(self, data: dict[str, Any], **kwargs: Any) -> Any:
        """Makes the placeholder."""
        return UnknownResult(data["form"])


@known
class CustomName(TypeName):
    """The qualified name of a class that is not registered."""

    @classmethod
    def constant(cls, schema: Any) -> str | None:
        """Returns the name."""
        kind = schema.opts.object_class
        return f"{kind.__module__}.{kind.__qualname__}"


# By type and the name that it is registered under; that of an unregistered one may come later.
_schemas: dict[tuple[type[Result], str | None], type[Schema]] = {}

_ANNOTATED: dict[str, Any] = {
    "str": Text,
    "bool": Flag,
    "int": Whole,
    "dict": lambda **options: Keyed(JSONCompatible(allow_none=True), **options),
}


def schema_of(kind: type[Result]) -> type[Schema]:
    """Returns the schema of a result type, made from its `wire_fields` on first use."""
    name = result_type_name(kind)
    schema = _schemas.get((kind, name))
    if schema is None:
        schema = _schemas[kind, name] = _make_schema(kind, name)
    return schema


def _make_schema(kind: type[Result], name: str | None) -> type[Schema]:
    if kind is NoResultType:
        return NoResultSchema
    if kind is UnknownResult:
        return UnknownSchema
    body: dict[str, Any] = {one: _field_of(kind, one) for one in kind.wire_fields}
    if name is None:
        body["custom_type"] = CustomName(allow_none=True)
    meta = {"object_class": kind, "type_name": name or CUSTOM, "register": False}
    body.update(quick=True, Meta=type("Meta", (), meta), __module__=__name__)
    body["__doc__"] = f"The JSON form of `{kind.__name__}`."
    base = StoredFields if issubclass(kind, StoredResult) else ResultFields
    return make_schema(f"{kind.__name__}Schema", (base,), body)


def _field_of(kind: type[Result], name: str) -> Any:
    """Returns the field of an attribute, from its annotation; any JSON if there is none."""
    annotation = next(
        (vars(one)["__annotations__"][name] for one in kind.__mro__
         if name in vars(one).get("__annotations__", ())),
        "Any",
    )  # fmt: skip
    text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "Any")
    bare, *rest = (part.strip() for part in text.replace("Optional[", "None |").split("|"))
    optional = "None" in (bare, *rest)
    make = _ANNOTATED.get(bare.partition("[")[0])
    if make is None or set(rest) - {"None"}:
        return JSONCompatible(allow_none=True)
    return make(allow_none=optional, required=not optional)


class _ResultTypes(Mapping[str, Any]):
    """The schemas of all registered result types, by name."""

    def __getitem__(self, name: str) -> type[Schema]:
        kind = result_type(name)
        if kind is None:
            if name == CUSTOM:
                return UnknownSchema
            raise KeyError(name)
        return schema_of(kind)

    def __iter__(self) -> Iterator[str]:
        return iter([*result_types(), CUSTOM])

    def __len__(self) -> int:
        return len(result_types()) + 1


class ResultSchema(OneOfSchema):
    """The JSON form of every result (in Prefect 1.4.1: `StateResultSchema`).

    Dumping serializes a result on the way, and leaves it as it is; loading fetches nothing. A
    type that is not registered loads as an `UnknownResult`.
    """

    quick = True

    type_schemas = _ResultTypes()

    def get_obj_type(self, obj: Any) -> str | None:
        """Returns the registered name of a result's type, `CustomResult` if it has none."""
        return (result_type_name(type(obj)) or CUSTOM) if isinstance(obj, Result) else None

    @classmethod
    def schema_named(cls, name: str) -> type[Schema] | None:
        """Returns the schema of a name; for unknown ones what keeps them as they are."""
        schema: type[Schema] = cls.type_schemas.get(name, UnknownSchema)
        return schema

    def schema_for(self, obj: Any) -> type[Schema] | None:
        """Returns the schema of a result, None if it is something else."""
        if type(self).get_obj_type is not ResultSchema.get_obj_type:
            return super().schema_for(obj)
        return schema_of(type(obj)) if isinstance(obj, Result) else None

    @classmethod
    def upgraded(cls, data: Any) -> Any:
        """Returns a form of Prefect 0.5 to 1.4 in today's shape."""
        name = data.get("type")
        if name == CUSTOM:
            return _registered_since(data)
        if "serializer" in data or name == "NoResultType":
            return data
        return legacy.upgrade_result(data)


def _registered_since(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Finds the type of a result that was not registered where it was dumped, but is here."""
    name = data.get("custom_type")
    for registered, kind in result_types().items() if isinstance(name, str) else ():
        if name == f"{kind.__module__}.{kind.__qualname__}":
            return {**data, "type": registered}
    return data
