"""`TenantView`: whom flows and runs belong to.

What belongs here: constructors and attributes, those of Prefect 1.4.1. A run store has one tenant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from prefect_results.backend.access import open_access

if TYPE_CHECKING:
    from prefect_results.backend.access import Source


@attrs.frozen
class TenantView:
    """A tenant (Prefect 1.4.1).

    Args:
        tenant_id: Its id.
        name: What people call it.
        slug: Its name in URLs.
    """

    tenant_id: str
    name: str
    slug: str

    @classmethod
    def from_tenant_id(cls, tenant_id: str, *, source: Source = None) -> TenantView:
        """Return the view of a tenant by its id.

        Args:
            tenant_id: The id.
            source: Where it is; the configured place by default.

        Raises:
            ValueError: There is no such tenant.
        """
        for data in open_access(source).tenants():
            if data.id == tenant_id:
                return cls(data.id, data.name, data.slug)
        raise ValueError(f"No results found while querying for tenants where id is {tenant_id!r}")

    @classmethod
    def from_current_tenant(cls, *, source: Source = None) -> TenantView:
        """Return the view of the tenant that is used, the first that there is.

        Raises:
            ValueError: There is no tenant.
        """
        for data in open_access(source).tenants():
            return cls(data.id, data.name, data.slug)
        raise ValueError("No results found while querying for tenants")
