"""The marshmallow fields that states, results and serializers are declared with.

Each works alone in any schema. What is quick in them (`quick_dump`, `quick_load`) is for module
`plan`, which derives the fast path from the declarations: it handles the common cases and raises
`Unusual` for all others. Not here: which class has which field, and fields that lead to another
schema (module `links`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NoReturn

from marshmallow import ValidationError, fields, missing

from prefect_results.wire.instants import read_instant
from prefect_results.wire.ordinary import (
    QuickDump,
    QuickLoad,
    Unusual,
    known,
    quick_dump_of,
    quick_load_of,
)
from prefect_results.wire.values import NotJSON, key_text, plain, shown


@known
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


@known
class Text(fields.String):
    """Text; on dump anything is shown as text, as the messages of states can be exceptions."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        if value is None or value.__class__ is str:
            return value
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


@known
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

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
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


@known
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


@known
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


@known
class Omitted(JSONCompatible):
    """Any JSON value; None is not written at all."""

    omits_none = True

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return missing if value is None else super()._serialize(value, attr, obj, **kwargs)


@known
class OmittedText(Text):
    """Text; None is not written at all."""

    omits_none = True

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return missing if value is None else super()._serialize(value, attr, obj, **kwargs)


@known
class OmittedWhole(Whole):
    """A whole number; None is not written at all."""

    omits_none = True

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return missing if value is None else super()._serialize(value, attr, obj, **kwargs)


@known
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
        return dump_items(
            value, lambda item: self.value_field._serialize(item, attr, obj, **kwargs)
        )

    def quick_dump(self) -> QuickDump:
        """Returns what dumps a dict, its values by their own fast path if they have one."""
        field = self.value_field
        quick = quick_dump_of(field)

        def dump(value: Any, obj: Any) -> Any:
            if not value and value.__class__ is dict:
                return {}
            if quick is None or not (value.__class__ is dict or isinstance(value, Mapping)):
                return self._serialize(value, self.name, obj)

            def dump_item(item: Any) -> Any:
                try:
                    return item if item is None else quick(item, obj)
                except Unusual:
                    return field._serialize(item, self.name, obj)

            return dump_items(value, dump_item)

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


def dump_items(items: Mapping[Any, Any], dump_item: Callable[[Any], Any]) -> dict[str, Any]:
    """Returns a dict with text keys and dumped values.

    Raises:
        ValidationError: with the errors of every key and value that cannot be dumped.
    """
    dumped: dict[str, Any] = {}
    errors: dict[str, Any] = {}
    for key, item in items.items():
        try:
            dumped[key if key.__class__ is str else key_text(key)] = dump_item(item)
        except NotJSON as exc:
            errors[shown(key, 80)] = {"key": [str(exc)]}
        except ValidationError as exc:
            errors[key_text(key)] = {"value": exc.messages}
    if errors:
        raise ValidationError(errors)
    return dumped


def _only(kind: type) -> QuickLoad:
    """Returns what takes values of exactly one type."""

    def load(value: Any) -> Any:
        if value.__class__ is not kind:
            raise Unusual
        return value

    return load


def refuse_dump(exc: NotJSON, value: Any, attr: str | None, obj: Any) -> NoReturn:
    """Raises the error of a value that JSON cannot hold; its words are Prefect 1.4.1's."""
    raise ValidationError(
        f"When running with Prefect Cloud/Server, values for `{type(obj).__name__}.{attr}` "
        f"must be JSON compatible. Unable to serialize `{shown(value)}`: {exc}."
    ) from None
