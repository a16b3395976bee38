"""Who answers, and for whom."""

from __future__ import annotations

from prefect_results.backend.store.schema import DEFAULT_TENANT_ID
from prefect_results.server.errors import RequestRefused
from prefect_results.server.operations.registry import Caller, mutation, query
from prefect_results.version import __version__

DEFAULT_SLUG = "default"


@query(output="String!")
def hello(caller: Caller) -> str:
    """Answer, so that a client knows it can."""
    return "👋"


@query(output={"backend": "String", "version": "String"})
def api(caller: Caller) -> dict[str, str]:
    """Return what kind of API this is."""
    return {"backend": "SERVER", "version": __version__}


@query(output={"tenant_id": "UUID", "user_id": "UUID", "api_token_scope": "String"})
def auth_info(caller: Caller) -> dict[str, str | None]:
    """Return the one tenant; there are no users."""
    return {"tenant_id": DEFAULT_TENANT_ID, "user_id": None, "api_token_scope": "TENANT"}


@mutation({"name": "String!", "slug": "String"}, output={"id": "UUID"})
def create_tenant(caller: Caller, name: str, slug: str | None = None) -> dict[str, str]:
    """Return the tenant that is there, if it is the one meant."""
    if (slug or name).lower() != DEFAULT_SLUG:
        raise RequestRefused(f"This server has one tenant, {DEFAULT_SLUG!r}, and makes no other.")
    return {"id": DEFAULT_TENANT_ID}
