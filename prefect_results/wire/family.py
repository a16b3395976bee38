"""The schema of a family of classes, of which each member has a schema of its own.

It does what marshmallow-oneofschema does, and is an ordinary schema beside that: hooks, `many`,
`only` and `exclude` work. Not here: which families and members there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from marshmallow import EXCLUDE, Schema, ValidationError

from prefect_results.wire.ordinary import Unusual, is_ordinary
from prefect_results.wire.plan import plan_of
from prefect_results.wire.schema import WireSchema
from prefect_results.wire.values import shown

_CHOICES = ("only", "exclude", "load_only", "dump_only")


class OneOfSchema(WireSchema):
    """The schema of a family of classes: each object is dumped and loaded by its own schema.

    `only` and `exclude` may name any field of any member.
    """

    quick = True

    type_field = "type"
    # A mapping, or what looks like one: of the name on the wire to the schema of the class.
    type_schemas: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, **options: Any) -> None:
        # The names as they were given: marshmallow takes the dotted ones apart.
        self._given = {name: options[name] for name in _CHOICES if options.get(name)}
        if options or not is_ordinary(type(self)) or not type(self).has_prototype():
            self._declared_fields = {**self.member_fields(), **self._declared_fields}
        super().__init__(**options)

    @classmethod
    def member_fields(cls) -> dict[str, Any]:
        """Returns the fields of all members, by name."""
        found: dict[str, Any] = {}
        for schema in cls.type_schemas.values():
            found.update(schema._declared_fields)
        return found

    def get_obj_type(self, obj: Any) -> str | None:
        """Returns the name on the wire of an object's class, None if it has none."""
        return type(obj).__name__

    def get_data_type(self, data: Mapping[str, Any]) -> Any:
        """Returns the name of the class that a wire form says it is of."""
        return data.get(self.type_field)

    @classmethod
    def upgraded(cls, data: Any) -> Any:
        """Returns a wire form in today's shape; older ones are upgraded here."""
        return data

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        """Returns the JSON-compatible form of an object; see `marshmallow.Schema.dump`."""
        if self.is_plain(many) and is_ordinary(type(self)):
            return self.quick_dump(obj)
        return super().dump(obj, many=many)

    def load(
        self, data: Any, *, many: bool | None = None, partial: Any = None, unknown: Any = None
    ) -> Any:
        """Returns the object of a JSON-compatible form; see `marshmallow.Schema.load`."""
        if self.is_plain(many) and partial is None and unknown in (None, EXCLUDE):
            try:
                return self.quick_load(data)
            except Exception:
                # The ordinary path below handles it, or says what is wrong.
                pass
        return super().load(data, many=many, partial=partial, unknown=unknown)

    @classmethod
    def quick_load(cls, data: Any) -> Any:
        """Returns the object of an ordinary wire form.

        Raises:
            Exception: of any kind, where the ordinary path must be taken.
        """
        if data.__class__ is not dict or not is_ordinary(cls):
            raise Unusual
        data = cls.upgraded(data)
        plan = plan_of(cls.schema_named(data["type"]))  # type: ignore[arg-type]
        if plan is None:
            raise Unusual
        return plan.load(data)

    @classmethod
    def schema_named(cls, name: str) -> type[Schema] | None:
        """Returns the schema of a name on the wire, None if the family has no such member."""
        return cls.type_schemas.get(name)

    def schema_for(self, obj: Any) -> type[Schema] | None:
        """Returns the schema of an object, None if it is not of the family."""
        name = self.get_obj_type(obj)
        return None if name is None else self.schema_named(name)

    def quick_dump(self, obj: Any) -> Any:
        """Returns the JSON-compatible form of an object; only where nothing is customised."""
        schema = self.schema_for(obj)
        plan = None if schema is None else plan_of(schema)
        return self._dump_one(obj) if plan is None else plan.dump(obj)

    def _dump_one(self, obj: Any) -> Any:
        schema = self.schema_for(obj)
        if schema is None:
            raise ValidationError(
                {self.type_field: [f"Unsupported object type: {type(obj).__name__}"]}, data=obj
            )
        return self._member(schema).dump(obj, many=False)

    def _load_one(self, data: Any, partial: Any, unknown: Any) -> Any:
        if not isinstance(data, Mapping):
            raise ValidationError({"_schema": [f"Invalid data type: {shown(data, 80)}"]})
        data = self.upgraded(data)
        name = self.get_data_type(data)
        if name is None:
            raise ValidationError({self.type_field: ["Missing data for required field."]})
        if not isinstance(name, str):
            raise ValidationError({self.type_field: [f"Invalid value: {shown(name, 80)}"]})
        schema = self.schema_named(name)
        if schema is None:
            raise ValidationError({self.type_field: [f"Unsupported value: {shown(name, 80)}"]})
        return self._member(schema).load(data, many=False, partial=partial, unknown=unknown)

    def _member(self, schema: type[Schema]) -> Schema:
        """Returns an instance of a member's schema with this instance's options."""
        if self.is_plain(False):
            return schema()
        known = schema._declared_fields
        options: dict[str, Any] = {}
        for choice in _CHOICES:
            current, given = getattr(self, choice), self._given.get(choice, ())
            # `Nested` may have changed what was given, on a copy of an instance.
            unchanged = {_head(name) for name in given} == current
            names = given if unchanged else current
            if names is not None and (names or choice == "only"):
                options[choice] = {name for name in names if _head(name) in known}
        return schema(unknown=self.unknown, partial=self.partial, **options)

    def _serialize(self, obj: Any, *, many: bool = False) -> Any:
        if not many or obj is None:
            return self._dump_one(obj)
        dumped: list[Any] = []
        errors: dict[Any, Any] = {}
        for index, item in enumerate(obj):
            try:
                dumped.append(self._dump_one(item))
            except ValidationError as exc:
                errors[index] = exc.messages
        if errors:
            raise ValidationError(errors, data=obj, valid_data=dumped)
        return dumped

    def _deserialize(
        self,
        data: Any,
        *,
        error_store: Any,
        many: bool = False,
        partial: Any = None,
        unknown: Any = EXCLUDE,
        index: int | None = None,
    ) -> Any:
        if many:
            if not isinstance(data, (list, tuple)):
                error_store.store_error([self.error_messages["type"]], index=index)
                return []
            options: dict[str, Any] = {"partial": partial, "unknown": unknown}
            return [
                self._deserialize(item, error_store=error_store, index=number, **options)
                for number, item in enumerate(data)
            ]
        try:
            return self._load_one(data, partial, unknown)
        except ValidationError as exc:
            error_store.store_error(exc.messages, index=index)
        except RecursionError:
            error_store.store_error({"_schema": ["Nested too deeply."]}, index=index)
        return {}


def _head(name: str) -> str:
    return name.partition(".")[0]
