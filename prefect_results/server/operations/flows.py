"""Registering flows, in one piece or in parts, and what becomes of them later."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

from prefect_results.server.errors import RequestRefused
from prefect_results.server.operations.registry import Caller, mutation

MAX_FLOW_BYTES = 64 * 1024 * 1024
"""How large a flow may be once it is decompressed."""

_REGISTRATION = {
    "project_id": "UUID!",
    "serialized_flow": "JSON!",
    "set_schedule_active": "Boolean",
    "version_group_id": "String",
    "idempotency_key": "String",
    "description": "String",
}
_SUCCESS = {"success": "Boolean"}


@mutation(_REGISTRATION, output={"id": "UUID"})
def create_flow(
    caller: Caller,
    project_id: str,
    serialized_flow: Any,
    set_schedule_active: bool | None = True,
    version_group_id: str | None = None,
    idempotency_key: str | None = None,
    **_: Any,
) -> dict[str, str]:
    """Register a version of a flow."""
    if not isinstance(serialized_flow, dict):
        raise RequestRefused("A serialized flow is a JSON object, as `flow.serialize()` gives it.")
    with caller.store.transaction():
        flow = caller.store.register_flow(
            project_id,
            serialized_flow,
            version_group_id=version_group_id,
            idempotency_key=idempotency_key,
            core_version=caller.core_version,
        )
        if set_schedule_active and flow.schedule:
            caller.store.set_schedule_active(flow.id)
    return {"id": flow.id}


@mutation({**_REGISTRATION, "serialized_flow": "String!"}, output={"id": "UUID"})
def create_flow_from_compressed_string(
    caller: Caller, serialized_flow: str, **others: Any
) -> dict[str, str]:
    """Register a version of a flow that comes as base64 of gzip of JSON."""
    return create_flow(caller, serialized_flow=_decompressed(serialized_flow), **others)


def _decompressed(text: str) -> Any:
    gzip_format = zlib.MAX_WBITS | 16
    unpacker = zlib.decompressobj(gzip_format)
    try:
        blob = unpacker.decompress(base64.b64decode(text, validate=True), MAX_FLOW_BYTES)
        if unpacker.unconsumed_tail:
            raise RequestRefused(f"The flow has more than {MAX_FLOW_BYTES} bytes of JSON.")
        return json.loads(blob)
    except (ValueError, zlib.error) as exc:
        if isinstance(exc, RequestRefused):
            raise
        raise RequestRefused(
            "A compressed flow is JSON, compressed with gzip and encoded with base64."
        ) from exc


@mutation({"flow_id": "UUID!", "serialized_tasks": "[JSON!]!"}, output=_SUCCESS)
def register_tasks(caller: Caller, flow_id: str, serialized_tasks: list[Any]) -> dict[str, bool]:
    """Add tasks to a flow."""
    caller.store.add_tasks(flow_id, serialized_tasks)
    return {"success": True}


@mutation({"flow_id": "UUID!", "serialized_edges": "[JSON!]!"}, output=_SUCCESS)
def register_edges(caller: Caller, flow_id: str, serialized_edges: list[Any]) -> dict[str, bool]:
    """Add edges to a flow, whose tasks must be there."""
    caller.store.add_edges(flow_id, serialized_edges)
    return {"success": True}


@mutation({"flow_id": "UUID!"}, output=_SUCCESS)
def set_schedule_active(caller: Caller, flow_id: str) -> dict[str, bool]:
    """Mark the schedule of a flow as active."""
    caller.store.set_schedule_active(flow_id, True)
    return {"success": True}


@mutation({"flow_id": "UUID!"}, output=_SUCCESS)
def set_schedule_inactive(caller: Caller, flow_id: str) -> dict[str, bool]:
    """Mark the schedule of a flow as inactive."""
    caller.store.set_schedule_active(flow_id, False)
    return {"success": True}


@mutation({"flow_id": "UUID!"}, output=_SUCCESS)
def archive_flow(caller: Caller, flow_id: str) -> dict[str, bool]:
    """Archive a version of a flow."""
    caller.store.archive_flow(flow_id)
    return {"success": True}


@mutation({"flow_id": "UUID!"}, output=_SUCCESS)
def delete_flow(caller: Caller, flow_id: str) -> dict[str, bool]:
    """Delete a version of a flow with its runs."""
    caller.store.delete_flow(flow_id)
    return {"success": True}
