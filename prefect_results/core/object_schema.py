"""The kinds of marshmallow schema that flows, tasks and schedules are declared with.

They are those of Prefect 1.4.1's ``prefect.utilities.serialization``, for marshmallow 3 and 4
alike. Fields are in ``core.schema_fields``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from marshmallow import (
    EXCLUDE,
    Schema,
    SchemaOpts,
    ValidationError,
    fields,
    missing,
    post_dump,
    post_load,
    pre_load,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class ObjectSchemaOptions(SchemaOpts):
    """``class Meta`` of an :class:`ObjectSchema`: ``object_class`` and ``exclude_fields`` too."""

    def __init__(self, meta: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(meta, *args, **kwargs)
        self.object_class = getattr(meta, "object_class", None)
        self.exclude_fields = getattr(meta, "exclude_fields", None) or []
        self.unknown = getattr(meta, "unknown", EXCLUDE)


class ContextSchema(Schema):
    """A schema with a context, which marshmallow 3 has (and warns about) and 4 has not.

    Args:
        context: Shared with the schemas inside.
        args: What :class:`marshmallow.Schema` takes.
        kwargs: The same.
    """

    context: dict[str, Any]

    def __init__(self, *args: Any, context: dict[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.context = context if context is not None else {}


class ObjectSchema(ContextSchema):
    """A schema that loads an object.

    ``Meta.object_class`` (a class, or a function that returns it) is called with the fields that
    are not in ``Meta.exclude_fields``. Dumped data carries a ``__version__``, which loading
    ignores, as it does any field it does not know.
    """

    OPTIONS_CLASS = ObjectSchemaOptions

    @pre_load
    def _remove_version(self, data: Any, **kwargs: Any) -> Any:
        if isinstance(data, dict) and "__version__" in data:
            return {key: value for key, value in data.items() if key != "__version__"}
        return data

    @post_dump
    def _add_version(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        from prefect_results.version import LEGACY_VERSION

        return {"__version__": LEGACY_VERSION, **data}

    def load(self, data: Any, create_object: bool = True, **kwargs: Any) -> Any:
        """Load an object.

        Args:
            data: The serialized object.
            create_object: Whether to make the object; else the dict of its fields is returned.
            kwargs: What :meth:`marshmallow.Schema.load` takes.

        Raises:
            ValidationError: if the data is malformed.
        """
        self.context.setdefault("create_object", create_object)
        return super().load(data, **kwargs)

    @post_load
    def create_object(self, data: dict[str, Any], **kwargs: Any) -> Any:
        """Make the object of ``Meta.object_class``, if there is one and it is wanted."""
        cls = self.opts.object_class
        if cls is None or not self.context.get("create_object", True):
            return data
        if not isinstance(cls, type):
            cls = cls()
        excluded = self.opts.exclude_fields
        try:
            return cls(**{key: value for key, value in data.items() if key not in excluded})
        except ValidationError:
            raise
        except Exception as exc:
            raise ValidationError(f"Cannot make a {cls.__name__}: {exc}") from exc


class OneOfSchema(ContextSchema):
    """A schema for objects of several types, told apart by the field ``type``.

    ``type_schemas`` says which schema belongs to which name.
    """

    type_field = "type"
    type_schemas: Mapping[str, Any] = {}

    class Meta:
        unknown = EXCLUDE

    def get_obj_type(self, obj: Any) -> str:
        """The name under which the type of ``obj`` is in ``type_schemas``."""
        return type(obj).__name__

    def _schema(self, name: Any) -> Schema | None:
        found = self.type_schemas.get(name) if isinstance(name, str) else None
        return found() if isinstance(found, type) else found

    def dump(self, obj: Any, *, many: bool | None = None, **kwargs: Any) -> Any:
        """Dump one object or many; see :meth:`marshmallow.Schema.dump`.

        Raises:
            ValidationError: if the type is unknown.
        """
        if self.many if many is None else many:
            return [self.dump(one, many=False) for one in obj]
        name = self.get_obj_type(obj)
        schema = self._schema(name)
        if schema is None:
            raise ValidationError(f"Unsupported object type: {name}", field_name=self.type_field)
        return {**schema.dump(obj, many=False), self.type_field: name}

    def load(self, data: Any, *, many: bool | None = None, **kwargs: Any) -> Any:
        """Load one object or many; see :meth:`marshmallow.Schema.load`.

        Raises:
            ValidationError: if the data is malformed or its type unknown.
        """
        if self.many if many is None else many:
            if not isinstance(data, list):
                raise ValidationError({"_schema": ["Invalid input type."]})
            return [self.load(one, many=False) for one in data]
        if not isinstance(data, dict):
            raise ValidationError({"_schema": ["Invalid input type."]})
        name = data.get(self.type_field)
        schema = self._schema(name)
        if schema is None:
            raise ValidationError({self.type_field: [f"Unsupported value: {name}"]})
        rest = {key: value for key, value in data.items() if key != self.type_field}
        return schema.load(rest, many=False)


class Nested(fields.Nested):
    """A nested schema that shares the context of the schema around it.

    Args:
        nested: The schema class.
        value_selection_fn: ``fn(obj, context) -> value`` that finds the value to dump;
            ``marshmallow.missing`` leaves the field out. Without it the attribute is taken.
        kwargs: What :class:`marshmallow.fields.Nested` takes.
    """

    def __init__(
        self, nested: Any, value_selection_fn: Callable[..., Any] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(nested, **kwargs)
        self.value_selection_fn = value_selection_fn
        if value_selection_fn is not None:
            self._CHECK_ATTRIBUTE = False

    def _share_context(self) -> dict[str, Any]:
        outer: dict[str, Any] | None = getattr(self.parent, "context", None)
        if outer is None:
            outer = {}
        if isinstance(self.schema, ContextSchema):
            self.schema.context = outer
        return outer

    def _serialize(self, nested_obj: Any, attr: Any, obj: Any, **kwargs: Any) -> Any:  # type: ignore[override,unused-ignore]
        context = self._share_context()
        if self.value_selection_fn is not None:
            context.update(value=nested_obj, attr=attr)
            nested_obj = self.value_selection_fn(obj, context)
        if nested_obj is missing:
            return nested_obj
        return super()._serialize(nested_obj, attr, obj, **kwargs)  # type: ignore[no-untyped-call]

    def _deserialize(
        self, value: Any, attr: Any, data: Any, partial: Any = None, **kwargs: Any
    ) -> Any:
        self._share_context()
        return super()._deserialize(value, attr, data, partial=partial, **kwargs)
