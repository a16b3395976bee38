"""The names of result types in wire forms.

Not here: the wire form itself; `prefect_results.wire` writes and reads it.
"""

from __future__ import annotations

from typing import TypeVar

from prefect_results.results.absent import NoResultType
from prefect_results.results.base import Result

T = TypeVar("T", bound="type[Result]")

_by_name: dict[str, type[Result]] = {}
_names: dict[type[Result], str] = {}


def register_result_type(cls: T, name: str | None = None) -> T:
    """Let a result type travel in wire forms under a name; usable as a decorator.

    What travels is the location, the serializer and the attributes that the class names in
    `wire_fields`; its constructor is called with these as keyword arguments when it is loaded.

    Args:
        cls: the type.
        name: the name; the class's own by default.

    Returns:
        The type.

    Raises:
        ValueError: if the name is taken by another type.
    """
    key = name or cls.__name__
    known = _by_name.get(key)
    if known is not None and (known.__module__, known.__qualname__) != (
        cls.__module__,
        cls.__qualname__,
    ):
        raise ValueError(f"A result type named {key!r} is registered already: {known!r}")
    _by_name[key] = cls
    _names[cls] = key
    return cls


def result_type(name: str) -> type[Result] | None:
    """The registered type of a name; None if there is none."""
    return _by_name.get(name)


def result_type_name(cls: type[Result]) -> str | None:
    """The registered name of a type; None if it is not registered."""
    return _names.get(cls)


def result_types() -> dict[str, type[Result]]:
    """All registered types by name."""
    return dict(_by_name)


register_result_type(Result)
register_result_type(NoResultType)
