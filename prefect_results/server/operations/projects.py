"""Creating and deleting projects."""

from __future__ import annotations

from typing import Any

from prefect_results.server.operations.registry import Caller, mutation


@mutation({"name": "String!", "description": "String", "tenant_id": "UUID"}, output={"id": "UUID"})
def create_project(
    caller: Caller, name: str, description: str | None = None, **_: Any
) -> dict[str, str]:
    """Create a project; a name that is taken is a uniqueness violation."""
    return {"id": caller.store.create_project(name, description).id}


@mutation({"project_id": "UUID!"}, output={"success": "Boolean"})
def delete_project(caller: Caller, project_id: str) -> dict[str, bool]:
    """Delete a project with everything in it."""
    caller.store.delete_project(project_id)
    return {"success": True}
