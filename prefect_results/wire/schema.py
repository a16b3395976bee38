"""The base of the wire's schemas, and the schema of one class.

They are ordinary marshmallow schemas: nest them, subclass them, give them hooks, `only` or
`exclude`. Where none of that is the case they take the fast path of module `plan`, which gives
the same answers. Not here: the schema of a family of classes (module `family`), and which classes
there are.
"""

from __future__ import annotations

from types import new_class
from typing import Any, cast

from marshmallow import EXCLUDE, Schema, SchemaOpts, ValidationError, missing, post_load

from prefect_results.wire.links import TypeName, Version
from prefect_results.wire.ordinary import is_ordinary
from prefect_results.wire.plan import errors_of, plan_of
from prefect_results.wire.values import shown

_prototypes: dict[type[Schema], dict[str, Any]] = {}


class WireOptions(SchemaOpts):
    """The `class Meta` of the wire's schemas; `unknown` is EXCLUDE by default.

    `object_class` is the class that a schema is of, `type_name` its name on the wire (the name
    of the class by default).
    """

    def __init__(self, meta: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(meta, *args, **kwargs)
        self.object_class: type | None = getattr(meta, "object_class", None)
        self.type_name: str | None = getattr(meta, "type_name", None)
        self.unknown = getattr(meta, "unknown", EXCLUDE)


def make_schema(name: str, bases: tuple[type[Schema], ...], body: dict[str, Any]) -> type[Schema]:
    """Returns a new schema class; as a `class` statement would make it."""
    return cast("type[Schema]", new_class(name, bases, exec_body=lambda into: into.update(body)))


class WireSchema(Schema):
    """What both kinds share: cheap instances, and knowing whether one is free of options."""

    OPTIONS_CLASS = WireOptions

    def __init__(self, **options: Any) -> None:
        kind = type(self)
        if options or not is_ordinary(kind):
            super().__init__(**options)
            return
        # Without options all instances are alike: the first one is the prototype of the others.
        if kind not in _prototypes:
            super().__init__()
            _prototypes[kind] = self.__dict__
        self.__dict__ = {
            name: value.copy() if isinstance(value, (dict, set)) else value
            for name, value in _prototypes[kind].items()
        }

    @classmethod
    def has_prototype(cls) -> bool:
        """Tells whether an instance without options was made before."""
        return cls in _prototypes

    def is_plain(self, many: bool | None) -> bool:
        """Tells whether this instance has no options, and is not asked for many objects."""
        return (
            self.only is None
            and not (self.many if many is None else many)
            and not self.load_only
            and not self.dump_only
            and not self.partial
            and self.unknown == EXCLUDE
            and len(self.exclude) == len(self.opts.exclude)
        )


class ObjectSchema(WireSchema):
    """The schema of one class, whose fields are its attributes and constructor arguments.

    Loading gives an object of `Meta.object_class`, made by `build`.
    """

    quick = True

    type = TypeName(allow_none=True, metadata={"description": "Name of the class."})
    __version__ = Version(
        allow_none=True, metadata={"description": "Version of what wrote this; not read."}
    )

    @classmethod
    def ready(cls, obj: Any) -> Any:
        """Returns the object in the form in which its attributes are dumped."""
        return obj

    @classmethod
    def build(cls, values: dict[str, Any]) -> Any:
        """Returns the object with the given field values.

        Args:
            values: by name; may be changed.
        """
        kind = cls.opts.object_class
        return values if kind is None else kind(**values)

    @post_load
    def create_object(self, data: dict[str, Any], **kwargs: Any) -> Any:
        """Makes the object; what `unknown=INCLUDE` let in beside the fields is left out.

        Raises:
            ValidationError: whatever the constructor of the class raised.
        """
        values = {name: value for name, value in data.items() if name in self.load_fields}
        values.pop("type", None)
        values.pop("__version__", None)
        try:
            return self.build(values)
        except ValidationError:
            raise
        except Exception as exc:
            name = getattr(self.opts.object_class, "__name__", "object")
            raise ValidationError({"_schema": [f"Cannot make a {name}: {shown(exc)}"]}) from exc

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        """Returns the JSON-compatible form of an object; see `marshmallow.Schema.dump`."""
        plan = plan_of(type(self)) if self.is_plain(many) else None
        return super().dump(obj, many=many) if plan is None else plan.dump(obj)

    def load(
        self, data: Any, *, many: bool | None = None, partial: Any = None, unknown: Any = None
    ) -> Any:
        """Returns the object of a JSON-compatible form; see `marshmallow.Schema.load`."""
        if self.is_plain(many) and partial is None and unknown in (None, EXCLUDE):
            plan = plan_of(type(self))
            if plan is not None and data.__class__ is dict:
                try:
                    return plan.load(data)
                except Exception:
                    # The ordinary path below handles it, or says what is wrong.
                    pass
        return super().load(data, many=many, partial=partial, unknown=unknown)

    def _serialize(self, obj: Any, *, many: bool = False) -> Any:
        if many and obj is not None:
            return [self._serialize(item) for item in obj]
        obj = self.ready(obj)
        dumped: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        for name, field in self.dump_fields.items():
            key = name if field.data_key is None else field.data_key
            try:
                value = field.serialize(name, obj, accessor=self.get_attribute)
            except Exception as exc:
                errors[key] = errors_of(exc)
            else:
                if value is not missing:
                    dumped[key] = value
        if errors:
            raise ValidationError(errors, data=obj, valid_data=dumped)
        return dumped
