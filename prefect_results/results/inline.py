"""Values that are kept inside their result: the self-describing envelope.

Not here: values that are stored elsewhere; see `results.stored`.
"""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64
from typing import Any

from prefect_results.context import context
from prefect_results.exceptions import DeserializationError
from prefect_results.results.errors import unreadable, unserializable
from prefect_results.serializers import Serializer


def encode(value: Any, serializer: Serializer, kind: str) -> dict[str, Any]:
    """Serialize a value into a JSON-compatible envelope.

    Args:
        value: the value.
        serializer: returns bytes, which are kept as base64 text, or JSON, which is kept as it is.
        kind: the type of the result, for messages.

    Raises:
        SerializationError: if the serializer cannot handle the value.
    """
    try:
        data = serializer.serialize(value)
    except Exception as exc:
        raise unserializable(exc, value, serializer, kind, None) from exc
    if isinstance(data, (bytes, bytearray, memoryview)):
        return {"encoding": "base64", "data": b2a_base64(data, newline=False).decode()}
    return {"encoding": "json", "data": data}


def decode(envelope: Any, serializer: Serializer, kind: str) -> Any:
    """Turn an envelope into the value again.

    Raises:
        DeserializationError, Corrupt: if that is not possible.
    """
    try:
        encoding, data = envelope["encoding"], envelope["data"]
        if encoding == "base64":
            data = a2b_base64(data)
        elif encoding != "json":
            raise ValueError(f"the encoding {encoding!r} is unknown")
    except (TypeError, KeyError, ValueError) as exc:
        raise DeserializationError(
            f"The inline value of a {kind} is an object with encoding and data: {exc}"
        ) from exc
    try:
        return serializer.deserialize(data)
    except Exception as exc:
        raise unreadable(exc, serializer, kind, None) from exc


def ambient_values() -> dict[str, Any]:
    """What templates can name when a result is serialized outside of a checkpoint."""
    return {key: context.get(key) for key in context if key not in ("self", "value_")}
