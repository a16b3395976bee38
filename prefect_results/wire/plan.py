"""The fast path: what a schema class does for an ordinary object, derived from its declarations.

A plan has one function for each declared field and is made once per schema class. It exists only
where nothing was customised (hooks, overridden methods, foreign fields, validators); otherwise,
and for all data that is in any way unusual, marshmallow's ordinary path is taken, which also
finds the errors. Not here: what the fields mean.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from marshmallow import Schema, ValidationError, missing

from prefect_results.wire.links import TypeName
from prefect_results.wire.ordinary import (
    QuickDump,
    QuickLoad,
    Unusual,
    is_known,
    is_ordinary,
    quick_dump_of,
    quick_load_of,
)


def errors_of(exc: Exception) -> Any:
    """Returns what a `ValidationError` has to say about the field that raised `exc`."""
    if isinstance(exc, ValidationError):
        return exc.messages
    if isinstance(exc, RecursionError):
        return ["Nested too deeply."]
    return [f"{type(exc).__name__}: {exc}"]


class Plan:
    """How one schema class dumps and loads an ordinary object.

    Args:
        kind: the schema class, which says the fields and has `ready` and `build`.
        schema: an instance of it without options.
    """

    __slots__ = ("build", "constants", "dumpers", "loaders", "ready", "required")

    def __init__(self, kind: Any, schema: Schema) -> None:
        self.ready: Callable[[Any], Any] = kind.ready
        self.build: Callable[[dict[str, Any]], Any] = kind.build
        self.constants: dict[str, Any] = {}
        self.dumpers: list[tuple[str, str, QuickDump, Callable[[Any], Any], bool]] = []
        self.loaders: list[tuple[str, str, QuickLoad, bool]] = []
        self.required: list[str] = []
        for name, field in schema.fields.items():
            self._add(kind, schema, name, field)

    def _add(self, kind: Any, schema: Schema, name: str, field: Any) -> None:
        key = name if field.data_key is None else field.data_key
        if _is_changed(field):
            raise Unusual
        if isinstance(field, TypeName):
            self.constants[key] = field.constant(kind)
            return
        dump, load = quick_dump_of(field), quick_load_of(field)
        if dump is None or load is None:
            raise Unusual

        def ordinary(obj: Any) -> Any:
            return field.serialize(name, obj, accessor=schema.get_attribute)

        self.dumpers.append((key, name, dump, ordinary, hasattr(field, "omits_none")))
        self.loaders.append((key, name, load, bool(field.allow_none)))
        if field.required:
            self.required.append(key)

    def dump(self, obj: Any) -> dict[str, Any]:
        """Returns the JSON-compatible form of `obj`.

        Raises:
            ValidationError: with the errors of every field that cannot be dumped.
        """
        obj = self.ready(obj)
        dumped = self.constants.copy()
        errors: dict[str, Any] | None = None
        for key, name, quick, ordinary, omitted in self.dumpers:
            try:
                value = getattr(obj, name, missing)
                if value is None:
                    if not omitted:
                        dumped[key] = None
                    continue
                try:
                    value = ordinary(obj) if value is missing else quick(value, obj)
                except Unusual:
                    value = ordinary(obj)
                if value is not missing:
                    dumped[key] = value
            except Exception as exc:
                errors = errors or {}
                errors[key] = errors_of(exc)
        if errors:
            raise ValidationError(errors, data=obj, valid_data=dumped)
        return dumped

    def load(self, data: dict[str, Any]) -> Any:
        """Returns the object of an ordinary wire form.

        Raises:
            Exception: of any kind, where the ordinary path must be taken.
        """
        values: dict[str, Any] = {}
        for key, name, quick, nullable in self.loaders:
            if key in data:
                raw = data[key]
                if raw is not None:
                    values[name] = quick(raw)
                elif nullable:
                    values[name] = None
                else:
                    raise Unusual
        for key in self.required:
            if key not in data:
                raise Unusual
        return self.build(values)


_plans: dict[type[Schema], Plan | None] = {}


def plan_of(kind: type[Schema]) -> Plan | None:
    """Returns the plan of a schema class, None if the class is customised."""
    try:
        return _plans[kind]
    except KeyError:
        plan = _plans[kind] = _make_plan(kind)
        return plan


def _make_plan(kind: type[Schema]) -> Plan | None:
    if not is_ordinary(kind):
        return None
    try:
        return Plan(kind, kind())
    except Unusual:
        return None


def _is_changed(field: Any) -> bool:
    return bool(
        not is_known(field)
        or field.attribute is not None
        or field.dump_default is not missing
        or field.load_default is not missing
        or field.load_only
        or field.dump_only
    )
