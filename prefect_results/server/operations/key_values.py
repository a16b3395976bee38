"""Key-value pairs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from prefect_results.backend.store.schema import key_value
from prefect_results.exceptions import RecordNotFound
from prefect_results.server.operations.registry import Caller, mutation


@mutation({"key": "String!", "value": "JSON"}, output={"id": "UUID"})
def set_key_value(caller: Caller, key: str, value: Any = None) -> dict[str, str]:
    """Keep a value under a key, in place of what was there."""
    return {"id": caller.store.set_key_value(key, value)}


@mutation({"key_value_id": "UUID!"}, output={"success": "Boolean"})
def delete_key_value(caller: Caller, key_value_id: str) -> dict[str, bool]:
    """Delete a pair by its id."""
    store = caller.store
    with store.transaction():
        with store.database.read() as connection:
            query = select(key_value.c.key).where(key_value.c.id == key_value_id)
            key = connection.execute(query).scalar()
        if key is None:
            raise RecordNotFound(f"the run store has no key-value pair {key_value_id!r}")
        store.delete_key(key)
    return {"success": True}
