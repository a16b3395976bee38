"""What the fast path may be taken for: fields and schema classes that are as they were made.

Not here: the fast path itself (module `plan`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from marshmallow import EXCLUDE, Schema

QuickDump = Callable[[Any, Any], Any]
QuickLoad = Callable[[Any], Any]
F = TypeVar("F", bound=type)


class Unusual(Exception):
    """The fast path does not handle this; the ordinary path does, or says what is wrong."""


# Exact types, as a subclass may change what the ordinary path does.
_fields: set[type] = set()


def known(field: F) -> F:
    """Says that a class of fields has a fast path that does what its ordinary path does."""
    _fields.add(field)
    return field


def is_known(field: Any) -> bool:
    """Tells whether a field has a fast path and no validators that it would leave out."""
    return type(field) in _fields and not field.validators


def quick_dump_of(field: Any) -> QuickDump | None:
    """Returns the fast dump of a field, None if it has none."""
    return field.quick_dump() if is_known(field) else None


def quick_load_of(field: Any) -> QuickLoad | None:
    """Returns the fast load of a field, None if it has none."""
    return field.quick_load() if is_known(field) else None


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

_ordinary: dict[type[Schema], bool] = {}


def is_ordinary(kind: type[Schema]) -> bool:
    """Tells whether a schema class changes nothing of what the classes of the wire do."""
    try:
        return _ordinary[kind]
    except KeyError:
        verdict = _ordinary[kind] = _changes_nothing(kind)
        return verdict


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
