"""The fast path: what a schema class does for an ordinary object, derived from its declarations.

A plan has one function for each declared field and is made once per schema class. It exists only
where nothing was customised (hooks, overridden methods, foreign fields, validators); otherwise,
and for all data that is in any way unusual, marshmallow's ordinary path is taken, which also
finds the errors. Not here: what the fields mean.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, missing

from prefect_results.wire.fields import (
    KNOWN,
    Omitted,
    QuickDump,
    QuickLoad,
    TypeName,
    Unusual,
    quick_load_of,
)

# What a subclass may not override if its fast path is to be trusted. `build` and `ready` are not
# among them, as both paths call them.
_TRUSTED = (
    "__init__",
    "_deserialize",
    "_do_load",
    "_serialize",
    "create_object",
    "dump",
    "get_attribute",
    "get_data_type",
    "get_obj_type",
    "handle_error",
    "load",
    "on_bind_field",
    "type_field",
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
        if type(field) not in KNOWN or _is_changed(field):
            raise Unusual
        if isinstance(field, TypeName):
            self.constants[key] = field.constant(kind)
            return
        dump, load = field.quick_dump(), quick_load_of(field)
        if dump is None or load is None:
            raise Unusual

        def ordinary(obj: Any) -> Any:
            return field.serialize(name, obj, accessor=schema.get_attribute)

        self.dumpers.append((key, name, dump, ordinary, isinstance(field, Omitted)))
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
            raise ValidationError(errors, data=obj, valid_data=dumped)  # type: ignore[arg-type]
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
_ordinary: dict[type[Schema], bool] = {}


def plan_of(kind: type[Schema]) -> Plan | None:
    """Returns the plan of a schema class, None if the class is customised."""
    try:
        return _plans[kind]
    except KeyError:
        plan = _plans[kind] = _make_plan(kind)
        return plan


def is_ordinary(kind: type[Schema]) -> bool:
    """Tells whether a schema class changes nothing of what the classes of the wire do."""
    try:
        return _ordinary[kind]
    except KeyError:
        verdict = _ordinary[kind] = _changes_nothing(kind)
        return verdict


def _make_plan(kind: type[Schema]) -> Plan | None:
    if not is_ordinary(kind):
        return None
    try:
        return Plan(kind, kind())
    except Unusual:
        return None


def _changes_nothing(kind: type[Schema]) -> bool:
    # The nearest class that says that the fast path knows what it does.
    standard = next((one for one in kind.__mro__ if "quick" in vars(one)), None)
    if standard is None or kind.opts.unknown != EXCLUDE:
        return False
    return _hooks(kind) == _hooks(standard) and all(
        getattr(kind, name, None) is getattr(standard, name, None) for name in _TRUSTED
    )


def _hooks(kind: Any) -> set[str]:
    """Returns the names of the hooks, which marshmallow 3 and 4 keep in different shapes."""
    return {
        hook if isinstance(hook, str) else hook[0]
        for entries in kind._hooks.values()
        for hook in entries
    }


def _is_changed(field: Any) -> bool:
    return bool(
        field.validators
        or field.attribute is not None
        or field.dump_default is not missing
        or field.load_default is not missing
        or field.load_only
        or field.dump_only
    )
