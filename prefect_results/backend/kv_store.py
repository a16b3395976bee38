"""Small JSON values under keys, shared by all flows.

What belongs here: the functions of `prefect.backend.kv_store` in Prefect 1.4.1. There they needed
Prefect Cloud; here the run store, or the API, keeps the values.
"""

from __future__ import annotations

import json
from typing import Any

from prefect_results.backend.access import open_access

MOST_CHARACTERS = 10_000


def set_key_value(key: str, value: Any) -> str:
    """Keep a value under a key, in place of what was there.

    Args:
        key: The key.
        value: A JSON-compatible value.

    Returns:
        The id of the pair.

    Raises:
        TypeError: The value is not JSON-compatible.
        ValueError: Its JSON has more than 10,000 characters.
    """
    if len(json.dumps(value)) > MOST_CHARACTERS:
        raise ValueError("Value payload exceedes 10 KB limit.")
    return open_access().set_key_value(key, value)


def get_key_value(key: str) -> Any:
    """Return the value under a key.

    Raises:
        ValueError: There is none.
    """
    try:
        return open_access().get_key_value(key)
    except KeyError:
        raise ValueError(f"No value found for key: {key}") from None


def delete_key(key: str) -> bool:
    """Delete a key and its value.

    Returns:
        True.

    Raises:
        ValueError: There is no such key.
    """
    if not open_access().delete_key(key):
        raise ValueError(f"No key {key} found to delete")
    return True


def list_keys() -> list[str]:
    """Return all keys, sorted."""
    return open_access().list_keys()
