"""Recorded runs: the store, what writes to it and what reads from it.

What belongs here: everything that knows a run outlives its process. What does not: how a state or
a result becomes JSON (`wire`) and how a task runs (`engine`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prefect_results.backend.artifacts import (
        create_link_artifact,
        create_markdown_artifact,
        delete_artifact,
        update_link_artifact,
        update_markdown_artifact,
    )
    from prefect_results.backend.client import Client
    from prefect_results.backend.kv_store import (
        delete_key,
        get_key_value,
        list_keys,
        set_key_value,
    )
    from prefect_results.backend.views import FlowRunView, FlowView, TaskRunView, TenantView

_HOMES = {
    "artifacts": (
        "create_link_artifact create_markdown_artifact delete_artifact update_link_artifact "
        "update_markdown_artifact"
    ),
    "client": "Client",
    "kv_store": "delete_key get_key_value list_keys set_key_value",
    "views": "FlowRunView FlowView TaskRunView TenantView",
}

__all__ = [
    "Client",
    "FlowRunView",
    "FlowView",
    "TaskRunView",
    "TenantView",
    "create_link_artifact",
    "create_markdown_artifact",
    "delete_artifact",
    "delete_key",
    "get_key_value",
    "list_keys",
    "set_key_value",
    "update_link_artifact",
    "update_markdown_artifact",
]


def __getattr__(name: str) -> Any:
    """Return a name of a room when it is first used: who opens a store needs no views."""
    from importlib import import_module

    for home, names in _HOMES.items():
        if name in names.split():
            value = getattr(import_module(f"{__name__}.{home}"), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
