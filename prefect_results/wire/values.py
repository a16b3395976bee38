"""What JSON can hold: the check, and the plain copy that passes it.

Not here: marshmallow fields; they call this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

# Deep enough for any configuration, shallow enough for every JSON parser and for our recursion.
MAX_DEPTH = 100

_SCALARS = frozenset({str, int, bool, type(None)})


class NotJSON(ValueError):
    """A value that JSON cannot hold.

    Args:
        path: where it lies inside the value that was checked, such as `["a"][3]`.
        reason: what is wrong with it.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.reason} at {self.path}" if self.path else self.reason


def shown(value: Any, limit: int = 200) -> str:
    """Returns the repr of any value, shortened to `limit` characters; never raises."""
    try:
        text = repr(value)
    except Exception:
        text = f"<{type(value).__name__} that cannot be shown>"
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def plain(value: Any, depth: int = 0) -> Any:
    """Returns a copy of `value` made of dict, list, str, int, float, bool and None only.

    Tuples become lists; keys that are numbers, booleans or None become the text that
    `json.dumps` writes for them.

    Raises:
        NotJSON: if the value holds anything else, NaN or an infinity, or itself, or is nested
            deeper than `MAX_DEPTH`.
    """
    kind = value.__class__
    if kind in _SCALARS:
        return value
    if depth > MAX_DEPTH:
        raise NotJSON("", f"nested deeper than {MAX_DEPTH}")
    if kind is float:
        return _finite(value)
    if kind is dict or (kind is not list and isinstance(value, Mapping)):
        return _plain_dict(value, depth + 1)
    if isinstance(value, (list, tuple)):
        return _plain_list(value, depth + 1)
    for base in (str, int, float):
        if isinstance(value, base):
            return _finite(float(value)) if base is float else base(value)
    raise NotJSON("", f"{type(value).__name__} is not a JSON type")


def _finite(value: float) -> float:
    if not isfinite(value):
        raise NotJSON("", f"JSON has no {value}")
    return value


def _plain_list(items: list[Any] | tuple[Any, ...], depth: int) -> list[Any]:
    copy = []
    for index, item in enumerate(items):
        try:
            copy.append(item if item.__class__ in _SCALARS else plain(item, depth))
        except NotJSON as exc:
            raise NotJSON(_joined(f"[{index}]", exc.path), exc.reason) from None
    return copy


def _plain_dict(items: Mapping[Any, Any], depth: int) -> dict[str, Any]:
    copy: dict[str, Any] = {}
    for key, item in items.items():
        try:
            text = key if key.__class__ is str else key_text(key)
            copy[text] = item if item.__class__ in _SCALARS else plain(item, depth)
        except NotJSON as exc:
            raise NotJSON(_joined(f"[{shown(key, 40)}]", exc.path), exc.reason) from None
    return copy


def _joined(step: str, path: str) -> str:
    # The path of something nested very deep is of no use to a reader.
    return step + path if len(path) < 400 else f"{step}..."


def key_text(key: Any) -> str:
    """Returns the text of a dictionary's key, as `json.dumps` writes it.

    Raises:
        NotJSON: if the key is no text, number, boolean or None.
    """
    if isinstance(key, str):
        return str(key)
    if key is None or key is True or key is False:
        return {None: "null", True: "true", False: "false"}[key]
    if isinstance(key, int):
        return int.__repr__(key)
    if isinstance(key, float):
        return float.__repr__(_finite(key))
    raise NotJSON("", f"{type(key).__name__} cannot be a key in JSON")
