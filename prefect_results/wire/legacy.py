"""The JSON forms of older releases, upgraded to today's when they are loaded.

Two eras, told apart by what they wrote: *handlers* (Prefect 0.5 to 0.10; a `SafeResult` holds
what a `result_handler` wrote) and *results* (0.11 to 1.4; a result type with a location, and no
word on how the value was serialized). No other module knows of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import ValidationError

from prefect_results.results import result_type

# Reads by content what was written without saying how: a pickle, base64 of one, JSON ...
_DETECT = {"type": "DetectSerializer"}

# Types that keep their value elsewhere, or nowhere; for all others bytes must be read.
_WITHOUT_BYTES = frozenset({"ConstantResult", "NoResultType", "PrefectResult", "SecretResult"})

_NO_RESULT = {"type": "NoResultType"}


def upgrade_result(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns the form of a result of either era in today's shape.

    What no type of today can stand for (custom handlers, say) is returned as it is.

    Args:
        data: the form; it is not changed.

    Raises:
        ValidationError: if a form of the handlers' era is malformed.
    """
    name = data.get("type")
    if name == "SafeResult":
        return _upgrade_safe_result(data)
    if name == "ResultHandlerResult":
        return _upgrade_handler_result(data)
    if not isinstance(name, str) or "serialized" in data or result_type(name) is None:
        return data
    return _with_serializer(data, name)


def upgrade_state(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns the form of a state of either era in today's shape.

    Args:
        data: the form; it is not changed.
    """
    if data.get("type") == "Aborted":
        # What `Cancelled` was called up to 0.5.
        data = {**data, "type": "Cancelled"}
    inputs = data.get("cached_inputs")
    if isinstance(inputs, dict) and None in inputs.values() and _is_of_handlers(data):
        known = {key: _NO_RESULT if item is None else item for key, item in inputs.items()}
        data = {**data, "cached_inputs": known}
    return data


def _is_of_handlers(data: Mapping[str, Any]) -> bool:
    version = data.get("__version__")
    return isinstance(version, str) and version.startswith(tuple(f"0.{n}." for n in range(3, 11)))


def _with_serializer(data: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Adds to a form of the results' era what it does not say."""
    location = data.get("location")
    anything = location is not None or data.get("value") is not None
    upgraded = {**data, "serialized": anything}
    if name not in _WITHOUT_BYTES:
        upgraded["serializer"] = _DETECT
    elif name == "PrefectResult" and isinstance(location, str) and location[4:5] == "-":
        # No JSON looks like this: it is a bare ISO date.
        upgraded["serializer"] = {"type": "DateTimeSerializer"}
    return upgraded


def _upgrade_safe_result(data: Mapping[str, Any]) -> Mapping[str, Any]:
    handler = data.get("result_handler")
    if not isinstance(handler, Mapping):
        raise ValidationError({"result_handler": ["Invalid type."]})
    name = handler.get("type")
    if not isinstance(name, str):
        raise ValidationError({"result_handler": {"type": ["Not a valid string."]}})
    upgrade = _HANDLERS.get(name)
    if upgrade is None:
        return data
    value = data.get("value")
    if value is None:
        return _NO_RESULT
    if not isinstance(value, str):
        raise ValidationError({"value": ["Not a valid string."]})
    return {"location": value, "serialized": True, **upgrade(handler, value)}


def _upgrade_handler_result(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Upgrades a handler that 0.11 to 0.14 wrapped as a result, and of which they say the name."""
    location, name = data.get("location"), data.get("result_handler_type")
    if isinstance(location, str) and name in ("JSONResultHandler", "LocalResultHandler"):
        return {"location": location, "serialized": True, **_HANDLERS[name]({}, location)}
    return data


def _local(handler: Mapping[str, Any], value: str) -> dict[str, Any]:
    # The handler wrote its own absolute path; `dir` said only where it would write next.
    folder = os.path.dirname(value) if os.path.isabs(value) else handler.get("dir") or ""
    given = handler.get("dir")
    if isinstance(given, str) and given and value.startswith(given.rstrip("/") + "/"):
        folder = given
    return {"type": "LocalResult", "dir": folder, "serializer": _DETECT}


def _bucket(kind: str, field: str) -> Callable[[Mapping[str, Any], str], dict[str, Any]]:
    def upgrade(handler: Mapping[str, Any], value: str) -> dict[str, Any]:
        return {"type": kind, field: handler.get(field), "serializer": _DETECT}

    return upgrade


def _json(handler: Mapping[str, Any], value: str) -> dict[str, Any]:
    return {"type": "PrefectResult", "serializer": {"type": "JSONSerializer"}}


def _secret(handler: Mapping[str, Any], value: str) -> dict[str, Any]:
    return {"type": "SecretResult", "secret_type": "PrefectSecret"}


_HANDLERS: dict[str, Callable[[Mapping[str, Any], str], dict[str, Any]]] = {
    "AzureResultHandler": _bucket("AzureResult", "container"),
    "GCSResultHandler": _bucket("GCSResult", "bucket"),
    "JSONResultHandler": _json,
    "LocalResultHandler": _local,
    "S3ResultHandler": _bucket("S3Result", "bucket"),
    "SecretResultHandler": _secret,
}
