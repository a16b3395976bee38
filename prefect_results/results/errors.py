"""The errors of results: what went wrong, with the task, the location and the types in the words.

Not here: the classes; see `prefect_results.exceptions`.
"""

from __future__ import annotations

import pickle
import sys
from typing import Any

from prefect_results.context import context
from prefect_results.exceptions import (
    ConfigurationError,
    Corrupt,
    DeserializationError,
    MissingExtra,
    SerializationError,
    StorageError,
    UnserializableType,
)
from prefect_results.serializers import Serializer

# Raised by readers of formats for data that is not whole; by name, not to import their modules.
_DAMAGE = (EOFError, UnicodeError, pickle.UnpicklingError)
_DAMAGE_NAMES = frozenset(
    ("JSONDecodeError", "error", "LZMAError", "BadGzipFile", "EmptyDataError")
)


def where(kind: str, location: str | None) -> str:
    """Which result of which task: `the LocalResult at '/x' of task 'load[3]'`."""
    words = f"the {kind}"
    if location is not None:
        words += f" at {location!r:.500}"
    task = context.get("task_full_name")
    return f"{words} of task {task!r}" if task else words


def unserializable(
    exc: Exception, value: Any, serializer: Serializer, kind: str, location: str | None
) -> Exception:
    """The error for a value that its serializer could not handle."""
    if isinstance(exc, (ConfigurationError, MissingExtra)):
        # Returned, it would become its own cause.
        raise exc
    if isinstance(exc, SerializationError):
        raise exc
    if isinstance(exc, StorageError) and type(exc) is not Corrupt:
        return stored_elsewhere(exc, kind, location)
    error = UnserializableType if isinstance(exc, TypeError) else SerializationError
    return error(
        f"The value of {where(kind, location)} is a {_qualified(type(value))}, which "
        f"{serializer!r} cannot serialize: {_words(exc)}"
    )


def unreadable(
    exc: Exception, serializer: Serializer, kind: str, location: str | None
) -> Exception:
    """The error for data that cannot be turned into a value."""
    if isinstance(exc, (ConfigurationError, MissingExtra)):
        # Returned, it would become its own cause.
        raise exc
    place = where(kind, location)
    if isinstance(exc, StorageError) and type(exc) is not Corrupt:
        return stored_elsewhere(exc, kind, location)
    if isinstance(exc, ModuleNotFoundError) and exc.name:
        return DeserializationError(
            f"Reading {place} needs the module {exc.name!r}, which cannot be imported here: "
            "install it, or put its folder on the Python path"
        )
    if isinstance(exc, Corrupt) or _is_damage(exc):
        return Corrupt(
            f"What lies at {place} is empty, truncated or was not written by {serializer!r}: "
            f"{_words(exc)}",
            location=location,
        )
    return DeserializationError(f"{serializer!r} cannot read {place}: {_words(exc)}")


def stored_elsewhere(exc: StorageError, kind: str, location: str | None) -> StorageError:
    """A storage's error again, with the task and the type of result in its words."""
    return type(exc)(f"{exc} ({where(kind, location)})", location=exc.location or location)


def _is_damage(exc: Exception) -> bool:
    if isinstance(exc, _DAMAGE) or type(exc).__name__ in _DAMAGE_NAMES:
        return True
    zlib = sys.modules.get("zlib")
    return zlib is not None and isinstance(exc, zlib.error)


def _qualified(kind: type) -> str:
    if kind.__module__ == "builtins":
        return kind.__qualname__
    return f"{kind.__module__}.{kind.__qualname__}"


def _words(exc: Exception) -> str:
    text = str(exc)
    return f"{type(exc).__name__}: {text}" if text else type(exc).__name__
