"""Tenants, projects, and registering flows.

What belongs here: methods of `Client` about what runs are runs of. What does not: the runs
(`flow_runs`, `task_runs`).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from prefect_results.backend.client.base import BaseClient
from prefect_results.backend.client.graphql import EnumValue, compress, with_args
from prefect_results.configuration import config
from prefect_results.exceptions import ClientError

if TYPE_CHECKING:
    from prefect_results.core import Flow

_BATCH = 500


class ProjectMethods(BaseClient):
    """Methods about tenants, projects and flows."""

    def create_tenant(self, name: str, slug: str | None = None) -> str:
        """Create a tenant and return its id; a server with one tenant returns that."""
        from prefect_results.core.files import slugify

        made = self.mutate("create_tenant { id }", name=name, slug=slug or slugify(name))
        return str(made["id"])

    def get_available_tenants(self) -> list[dict[str, str]]:
        """Return the id, slug and name of each tenant."""
        query = "query { tenant(order_by: {slug: asc}) { id slug name } }"
        found: list[dict[str, str]] = self.request(query)["tenant"]
        return found

    def switch_tenant(self, tenant_slug: str | None = None, tenant_id: str | None = None) -> str:
        """Use a tenant from now on and return its id.

        Raises:
            ValueError: Not exactly one of both is given, or there is no such tenant.
        """
        if tenant_slug and tenant_id:
            raise ValueError("Received both `tenant_slug` and `tenant_id`; only one is allowed.")
        if tenant_slug:
            where = {"where": {"slug": {"_eq": tenant_slug}}}
            found = self.request(f"query {{ {with_args('tenant', where)} {{ id }} }}")["tenant"]
            if not found:
                raise ValueError(f"No matching tenant found for slug {tenant_slug!r}.")
            tenant_id = found[0]["id"]
        if not tenant_id:
            raise ValueError("A `tenant_id` or `tenant_slug` must be provided.")
        self.tenant_id = tenant_id
        return self.tenant_id

    def get_default_tenant_slug(self) -> str:
        """Return the slug of the tenant that is used."""
        found = self.request("query { tenant { id slug } }")["tenant"]
        for tenant in found:
            if tenant["id"] == self.tenant_id:
                return str(tenant["slug"])
        raise ValueError(f"Failed to find current tenant {self.tenant_id!r} in result {found}")

    def get_cloud_url(self, subdirectory: str, id: str) -> str:
        """Return where a person finds something in the user interface.

        Args:
            subdirectory: `flow` or `flow-run`.
            id: Its id.

        Returns:
            A URL; of the embedded run store, which has no user interface, words with the id.
        """
        if self._local is not None:
            return self._local.runs.page_of(subdirectory, id)
        api = str(config.cloud.api)
        base = str(config.server.ui.endpoint)
        if ".prefect.io" in api:
            base = api.replace("api-", "") if "api-" in api else api.replace("api", "cloud")
        return "/".join([base.rstrip("/"), self.get_default_tenant_slug(), subdirectory, id])

    def newest_flow(self, flow_name: str, project_name: str) -> str | None:
        """Return the id of the newest version of a flow that is not archived, or None.

        Args:
            flow_name: Name of the flow.
            project_name: Name of its project.
        """
        if self._local is not None:
            known = self._local.runs.named_flows(flow_name, project_name)
            return max(known, key=lambda flow: flow.version).id if known else None
        arguments = {
            "where": {
                "name": {"_eq": flow_name},
                "archived": {"_eq": False},
                "project": {"name": {"_eq": project_name}},
            },
            "order_by": {"version": EnumValue("desc")},
            "limit": 1,
        }
        found = self.graphql({"query": {with_args("flow", arguments): {"id"}}}).data.flow
        return str(found[0].id) if found else None

    def _project_id(self, name: str) -> str | None:
        where = {"where": {"name": {"_eq": name}}}
        found = self.request(f"query {{ {with_args('project', where)} {{ id }} }}")["project"]
        return found[0]["id"] if found else None

    def create_project(self, project_name: str, project_description: str | None = None) -> str:
        """Create a project, unless there is one of that name, and return its id."""
        try:
            made = self.mutate(
                "create_project { id }",
                name=project_name,
                description=project_description,
                tenant_id=self.tenant_id,
            )
        except ClientError as exc:
            found = self._project_id(project_name) if "Uniqueness violation." in str(exc) else None
            if found is None:
                raise
            return found
        return str(made["id"])

    def delete_project(self, project_name: str) -> bool:
        """Delete a project with its flows and their runs; return whether that was done.

        Raises:
            ValueError: There is no such project.
        """
        if project_name is None:
            raise TypeError("'project_name' is a required field for deleting a project")
        project_id = self._project_id(project_name)
        if project_id is None:
            raise ValueError(f"Project {project_name} not found.")
        return bool(self.mutate("delete_project { success }", project_id=project_id)["success"])

    def register(
        self,
        flow: Flow,
        project_name: str | None = None,
        build: bool = True,
        set_schedule_active: bool = True,
        version_group_id: str | None = None,
        compressed: bool = True,
        no_url: bool = False,
        idempotency_key: str | None = None,
    ) -> str:
        """Register a version of a flow and return its id.

        Args:
            flow: The flow.
            project_name: Name of its project, which must be there.
            build: Whether the flow's storage is built first.
            set_schedule_active: Whether its schedule is followed.
            version_group_id: Of which flow this is a version; told by name by default.
            compressed: Whether the flow is sent compressed.
            no_url: Whether to print nothing.
            idempotency_key: Registering with the key of the newest version makes no new one.

        Raises:
            TypeError: No project is given.
            ValueError: There is no such project, or the flow cannot be serialized.
            ClientError: The flow has a schedule that leaves out a required parameter, or the API
                refuses it.
        """
        _require_schedulable(flow)
        if any(edge.key for edge in flow.edges) and flow.result is None:
            warnings.warn(
                "No result handler was specified on your Flow. Cloud features such as input "
                "caching and resuming task runs from failure may not work properly.",
                stacklevel=2,
            )
        if project_name is None:
            raise TypeError("'project_name' is a required field when registering a flow.")
        project_id = self._project_id(project_name)
        if project_id is None:
            raise ValueError(
                f"Project {project_name} not found. Run `prefect create project '{project_name}'` "
                "to create it."
            )
        serialized = flow.serialize(build=build)
        tasks, edges = serialized.pop("tasks"), serialized.pop("edges")
        name = "create_flow_from_compressed_string" if compressed else "create_flow"
        values = {
            "project_id": project_id,
            "serialized_flow": compress(serialized) if compressed else serialized,
            # The schedule must wait for the tasks.
            "set_schedule_active": False,
            "version_group_id": version_group_id,
        }
        if idempotency_key is not None:
            values["idempotency_key"] = idempotency_key
        flow_id = str(self.mutate(f"{name} {{ id }}", **values)["id"])
        for batch in _batches(tasks):
            self.mutate("register_tasks { success }", flow_id=flow_id, serialized_tasks=batch)
        for batch in _batches(edges):
            self.mutate("register_edges { success }", flow_id=flow_id, serialized_edges=batch)
        if set_schedule_active:
            self.mutate("set_schedule_active { success }", flow_id=flow_id)
        if not no_url:
            self._announce(flow, flow_id, project_name)
        return flow_id

    def _announce(self, flow: Flow, flow_id: str, project_name: str) -> None:
        found = with_args("flow_by_pk", {"id": flow_id})
        group = self.request(f"query {{ {found} {{ flow_group_id }} }}")["flow_by_pk"]
        labels = sorted(getattr(flow.run_config, "labels", ()))
        print(
            f"Flow URL: {self.get_cloud_url('flow', group['flow_group_id'])}\n"
            f" └── ID: {flow_id}\n └── Project: {project_name}\n └── Labels: {labels}"
        )


def _require_schedulable(flow: Flow) -> None:
    required = {parameter.name for parameter in flow.parameters() if parameter.required}
    if flow.schedule is None or not required:
        return
    if any(not required <= set(clock.parameter_defaults) for clock in flow.schedule.clocks):
        raise ClientError("Flows with required parameters can not be scheduled automatically.")


def _batches(items: Sequence[Any]) -> list[Sequence[Any]]:
    return [items[start : start + _BATCH] for start in range(0, len(items), _BATCH)]
