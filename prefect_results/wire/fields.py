"""The marshmallow fields that states, results and serializers are declared with.

Each works alone in any schema. What is quick in them (`quick_dump`, `quick_load`) is for module
`plan`, which derives the fast path from the declarations: it handles the common cases alone and
raises `Unusual` for all others. Not here: which class has which field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NoReturn

from marshmallow import EXCLUDE, ValidationError, fields, missing

from prefect_results import __version__
from prefect_results.wire.instants import read_instant
from prefect_results.wire.values import NotJSON, key_text, plain, shown

QuickDump = Callable[[Any, Any], Any]
QuickLoad = Callable[[Any], Any]


class Unusual(Exception):
    """The fast path does not handle this; the ordinary path does, or says what is wrong."""


class Instant(fields.Field):  # type: ignore[type-arg,unused-ignore]
    """A moment as ISO 8601 text; read back as a pendulum `DateTime`, naive text as `datetime`."""

    default_error_messages = {"invalid": "Not a valid datetime."}

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        if value is None:
            return None
        if not isinstance(value, datetime):
            raise self.make_error("invalid")
        return value.isoformat()

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        try:
            return read_instant(value)
        except (ValueError, OverflowError) as exc:
            raise self.make_error("invalid") from exc

    def quick_dump(self) -> QuickDump:
        """Returns what dumps a datetime."""

        def dump(value: Any, obj: Any) -> Any:
            if not isinstance(value, datetime):
                raise Unusual
            return value.isoformat()

        return dump

    def quick_load(self) -> QuickLoad:
        """Returns what loads a moment."""
        return read_instant


class Text(fields.String):
    """Text; on dump anything is shown as text, as the messages of states can be exceptions."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        if value is None or value.__class__ is str:
            return value  # type: ignore[no-any-return]
        try:
            return value.decode() if isinstance(value, bytes) else str(value)
        except Exception:
            return f"<{type(value).__name__} that cannot be shown>"

    def quick_dump(self) -> QuickDump:
        """Returns what dumps text."""

        def dump(value: Any, obj: Any) -> Any:
            if value.__class__ is not str:
                raise Unusual
            return value

        return dump

    def quick_load(self) -> QuickLoad:
        """Returns what loads text."""
        return _only(str)


class Whole(fields.Integer):
    """A whole number.

    Args:
        most: the greatest number that is accepted on load, none below zero then; None (the
            default) accepts any.
        **kwargs: what `marshmallow.fields.Integer` takes.
    """

    def __init__(self, most: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.most = most

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int | None:
        number = super()._deserialize(value, attr, data, **kwargs)
        if number is not None and self.most is not None and not 0 <= number <= self.most:
            raise ValidationError(f"Must be between 0 and {self.most}.")
        return number

    def quick_dump(self) -> QuickDump:
        """Returns what dumps an int."""

        def dump(value: Any, obj: Any) -> Any:
            if value.__class__ is not int:
                raise Unusual
            return value

        return dump

    def quick_load(self) -> QuickLoad:
        """Returns what loads an int."""
        most = self.most
        if most is None:
            return _only(int)

        def load(value: Any) -> Any:
            if value.__class__ is not int or not 0 <= value <= most:
                raise Unusual
            return value

        return load


class Flag(fields.Boolean):
    """True or false."""

    def quick_dump(self) -> QuickDump:
        """Returns what dumps a bool."""

        def dump(value: Any, obj: Any) -> Any:
            if value.__class__ is not bool:
                raise Unusual
            return value

        return dump

    def quick_load(self) -> QuickLoad:
        """Returns what loads a bool."""
        return _only(bool)


class JSONCompatible(fields.Field):  # type: ignore[type-arg,unused-ignore]
    """Any JSON value; a plain copy goes out and comes in, so that nothing is shared."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        try:
            return plain(value)
        except NotJSON as exc:
            refuse_dump(exc, value, attr, obj)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        try:
            return plain(value)
        except NotJSON as exc:
            raise ValidationError(
                f"Values must be JSON compatible, got `{shown(value)}`: {exc}."
            ) from None

    def quick_dump(self) -> QuickDump:
        """Returns what dumps a JSON value."""

        def dump(value: Any, obj: Any) -> Any:
            try:
                return plain(value)
            except NotJSON as exc:
                raise Unusual from exc

        return dump

    def quick_load(self) -> QuickLoad:
        """Returns what loads a JSON value."""
        return plain


class Omitted(JSONCompatible):
    """Any JSON value; None is not written at all."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return missing if value is None else super()._serialize(value, attr, obj, **kwargs)


class Keyed(fields.Dict):
    """A dict with text keys; errors name the key, on dump as on load.

    Args:
        values: the field of the values.
        **kwargs: what `marshmallow.fields.Dict` takes.
    """

    value_field: Any

    def __init__(self, values: Any, **kwargs: Any) -> None:
        super().__init__(keys=Text(), values=values, **kwargs)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise self.make_error("invalid")
        dumped: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        for key, item in value.items():
            try:
                dumped[key_text(key)] = self.value_field._serialize(item, attr, obj, **kwargs)
            except NotJSON as exc:
                errors[shown(key, 80)] = {"key": [str(exc)]}
            except ValidationError as exc:
                errors[key_text(key)] = {"value": exc.messages}
        if errors:
            raise ValidationError(errors)
        return dumped

    def quick_dump(self) -> QuickDump:
        """Returns what dumps an empty dict at once, and others as ever."""

        def dump(value: Any, obj: Any) -> Any:
            return self._serialize(value, self.name, obj) if value else {}

        return dump

    def quick_load(self) -> QuickLoad | None:
        """Returns what loads a dict, or None where the values have no fast path."""
        load_value = quick_load_of(self.value_field)
        if load_value is None:
            return None
        nullable = self.value_field.allow_none

        def load(value: Any) -> Any:
            if value.__class__ is not dict:
                raise Unusual
            loaded = {}
            for key, item in value.items():
                if key.__class__ is not str or (item is None and not nullable):
                    raise Unusual
                loaded[key] = item if item is None else load_value(item)
            return loaded

        return load


class TypeName(fields.Field):  # type: ignore[type-arg,unused-ignore]
    """The name of the class; written always, and not read, as it was read to find the schema."""

    _CHECK_ATTRIBUTE = False

    @classmethod
    def constant(cls, schema: Any) -> str | None:
        """Returns what the field writes in a schema class: `type_name`, or the class's name."""
        kind = getattr(schema.opts, "object_class", None)
        name: str | None = getattr(schema.opts, "type_name", None)
        return name or (kind.__name__ if kind else None)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return self.constant(type(self.parent))

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return missing


class Version(TypeName):
    """The version of this library; written always, never read, as in Prefect 1.4.1."""

    @classmethod
    def constant(cls, schema: Any) -> str | None:
        """Returns the version."""
        return __version__


class Link(fields.Nested):
    """A nested schema of the wire, with its fast path."""

    def quick_dump(self) -> QuickDump | None:
        """Returns what dumps the nested object, None where the nested schema is customised."""
        schema: Any = self.schema
        if not hasattr(schema, "is_plain") or not schema.is_plain(False):
            return None

        def dump(value: Any, obj: Any) -> Any:
            return schema.dump(value, many=False)

        return dump

    def quick_load(self) -> QuickLoad | None:
        """Returns what loads the nested object, None where the nested schema is customised."""
        schema: Any = self.schema
        if self.unknown not in (None, EXCLUDE) or not hasattr(schema, "quick_load"):
            return None
        return type(schema).quick_load if schema.is_plain(False) else None


def _only(kind: type) -> QuickLoad:
    """Returns what takes values of exactly one type."""

    def load(value: Any) -> Any:
        if value.__class__ is not kind:
            raise Unusual
        return value

    return load


def quick_load_of(field: Any) -> QuickLoad | None:
    """Returns the fast loader of a field, None if it has none or is customised."""
    if type(field) not in KNOWN or field.validators:
        return None
    return field.quick_load()  # type: ignore[no-any-return]


def refuse_dump(exc: NotJSON, value: Any, attr: str | None, obj: Any) -> NoReturn:
    """Raises the error of a value that JSON cannot hold; its words are Prefect 1.4.1's."""
    raise ValidationError(
        f"When running with Prefect Cloud/Server, values for `{type(obj).__name__}.{attr}` "
        f"must be JSON compatible. Unable to serialize `{shown(value)}`: {exc}."
    ) from None


# The field types whose fast path is known to do what their ordinary path does; exact types, as
# a subclass may change the ordinary path only.
KNOWN: set[type] = {
    Flag,
    Instant,
    JSONCompatible,
    Keyed,
    Link,
    Omitted,
    Text,
    TypeName,
    Version,
    Whole,
}
