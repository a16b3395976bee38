"""The marshmallow fields that flows, tasks and schedules are declared with.

They are those of Prefect 1.4.1's ``prefect.utilities.serialization``, for marshmallow 3 and 4
alike. The kinds of schema are in ``core.object_schema``; states and results have theirs in
``wire``.
"""

from __future__ import annotations

import base64
import datetime
import inspect
import re
import sys
from typing import TYPE_CHECKING, Any

from marshmallow import ValidationError, fields

from prefect_results.core.names import legacy_name
from prefect_results.core.object_schema import Nested, ObjectSchema, OneOfSchema
from prefect_results.wire.fields import JSONCompatible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = [
    "UUID",
    "Bytes",
    "DateTimeTZ",
    "FunctionReference",
    "JSONCompatible",
    "Nested",
    "ObjectSchema",
    "OneOfSchema",
    "Seconds",
    "SortedList",
    "StatefulFunctionReference",
    "from_qualified_name",
    "to_qualified_name",
]

_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)$")


def to_qualified_name(obj: Any) -> str:
    """The dotted name of an importable object; the legacy one for what is ours."""
    return legacy_name(f"{obj.__module__}.{obj.__qualname__}")


def from_qualified_name(obj_str: str) -> Any:
    """The object of a dotted name, whose module must be imported already.

    Raises:
        ValueError: if there is no such object. Nothing is imported.
    """
    parts = obj_str.split(".")
    for count in range(len(parts), 0, -1):
        found: Any = sys.modules.get(".".join(parts[:count]))
        if found is None:
            continue
        try:
            for part in parts[count:]:
                found = getattr(found, part)
        except AttributeError:
            break
        return found
    raise ValueError(f"Couldn't load \"{obj_str}\"; maybe it hasn't been imported yet?")


class SortedList(fields.List):  # type: ignore[type-arg,unused-ignore]
    """A list whose dumped items are sorted, so that equal sets dump alike."""

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> Any:
        dumped = super()._serialize(value, attr, obj, **kwargs)
        return dumped if dumped is None else sorted(dumped)


class Bytes(fields.Field):  # type: ignore[type-arg,unused-ignore]
    """Bytes as base64 text."""

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else base64.b64encode(value).decode("ascii")

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> bytes:
        try:
            return base64.b64decode(value)
        except (ValueError, TypeError) as exc:
            raise ValidationError("Not valid base64 text.") from exc


class UUID(fields.UUID):
    """A UUID that is loaded as text."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        return str(super()._deserialize(value, attr, data, **kwargs))


class DateTimeTZ(fields.DateTime):
    """A datetime with the name of its time zone: ``{"dt": ..., "tz": ...}``."""

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> Any:
        if value is None:
            return None
        import pendulum

        dt = pendulum.instance(value)
        return {"dt": dt.naive().to_iso8601_string(), "tz": dt.timezone_name}

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        import pendulum

        try:
            return pendulum.parse(value["dt"], tz=_zone(value["tz"]))
        except Exception as exc:
            raise ValidationError('Not a datetime {"dt": ..., "tz": ...}.') from exc


def _zone(name: str) -> Any:
    import pendulum

    offset = _OFFSET.match(name)
    if offset is None:
        return pendulum.timezone(name)
    sign, hours, minutes = offset.groups()
    return pendulum.timezone(int(f"{sign}1") * (int(hours) * 3600 + int(minutes) * 60))


class Seconds(fields.Field):  # type: ignore[type-arg,unused-ignore]
    """A timedelta as a number of seconds, whole if it is.

    Args:
        unit: Seconds per number: 1e-6 for microseconds.
        kwargs: What :class:`marshmallow.fields.Field` takes.
    """

    def __init__(self, unit: float = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.unit = unit

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> float | None:
        if value is None:
            return None
        if self.unit != 1:
            return int(value // datetime.timedelta(microseconds=1))
        seconds: float = value.total_seconds()
        return int(seconds) if seconds.is_integer() else seconds

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> datetime.timedelta:
        try:
            if self.unit != 1:
                return datetime.timedelta(microseconds=float(value))
            return datetime.timedelta(seconds=float(value))
        except (TypeError, ValueError, OverflowError) as exc:
            raise ValidationError("Not a valid period of time.") from exc


class FunctionReference(fields.Field):  # type: ignore[type-arg,unused-ignore]
    """A function by its dotted name.

    Args:
        valid_functions: The functions that names are turned into.
        reject_invalid: Whether other functions are errors; else they stay names.
        kwargs: What :class:`marshmallow.fields.Field` takes.
    """

    def __init__(
        self,
        valid_functions: Iterable[Callable[..., Any]],
        reject_invalid: bool = True,
        **kwargs: Any,
    ) -> None:
        self.valid_functions = {to_qualified_name(fn): fn for fn in valid_functions}
        self.reject_invalid = reject_invalid
        super().__init__(**kwargs)

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> str | None:
        if value is None and self.allow_none:
            return None
        if self.reject_invalid and value not in self.valid_functions.values():
            raise ValidationError(f"Invalid function reference: {value}")
        return to_qualified_name(value)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if self.reject_invalid and value not in self.valid_functions:
            raise ValidationError(f"Invalid function reference: {value}")
        return self.valid_functions.get(value, value)


class StatefulFunctionReference(FunctionReference):
    """A function by its dotted name, with what a factory made it from: ``{"fn", "kwargs"}``.

    ``between_times(start, end)`` is dumped as the name of ``between_times`` and the variables
    that the inner function took from it; loading calls the factory again. Of a custom function
    the name is dumped, and None is loaded (if it is not rejected).
    """

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> Any:
        if value is None and self.allow_none:
            return None
        try:
            name = to_qualified_name(value)
        except AttributeError:
            name = ""
        bases = [known for known in self.valid_functions if name.startswith(known)]
        if not bases and (self.reject_invalid or not name):
            raise ValidationError(
                "When running with Prefect Cloud/Server, custom functions aren't supported for "
                f"`{type(obj).__name__}.{attr}`. Unable to serialize `{value!r}`."
            )
        nonlocals = inspect.getclosurevars(value).nonlocals if inspect.isfunction(value) else {}
        return {
            "fn": max(bases, key=len, default=name),
            "kwargs": {key: _time_to_text(item) for key, item in nonlocals.items()},
        }

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, dict) or not isinstance(value.get("fn"), str):
            raise ValidationError(f"Invalid function reference: {value}")
        fn = self.valid_functions.get(value["fn"])
        if fn is None:
            if self.reject_invalid:
                raise ValidationError(f"Invalid function reference: {value}")
            return None
        state = value.get("kwargs") or {}
        try:
            return fn(**{key: _text_to_time(item) for key, item in state.items()}) if state else fn
        except Exception as exc:
            raise ValidationError(f"Invalid function reference: {value}") from exc


def _time_to_text(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        return f"//datetime:{value.isoformat()}"
    if isinstance(value, datetime.time):
        return f"//time:{value.isoformat()}"
    if isinstance(value, datetime.timedelta):
        return f"//timedelta:{value.total_seconds()}"
    return value


def _text_to_time(value: Any) -> Any:
    if not isinstance(value, str) or not value.startswith("//"):
        return value
    kind, _, text = value[2:].partition(":")
    if kind == "timedelta":
        return datetime.timedelta(seconds=float(text))
    if kind == "time":
        return datetime.time.fromisoformat(text)
    if kind == "datetime":
        import pendulum

        return pendulum.parse(text)
    return value
