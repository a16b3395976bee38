"""`Client`: all methods of the legacy `prefect.Client`, put together."""

from __future__ import annotations

from prefect_results.backend.client.extras import ExtraMethods
from prefect_results.backend.client.flow_runs import FlowRunMethods
from prefect_results.backend.client.projects import ProjectMethods
from prefect_results.backend.client.task_runs import TaskRunMethods


class Client(ProjectMethods, FlowRunMethods, TaskRunMethods, ExtraMethods):
    """Talks to the GraphQL API of this library's server, or of a legacy Prefect Server.

    A client that is given no URL, where the configuration names no API either, asks the embedded
    run store in this process (needs the extra `server`).

    Args:
        api_server: URL of the API; by default `store.url` of the configuration if that is one,
            else `cloud.api`.
        api_key: Key that is sent; by default `cloud.api_key` of the configuration.
        tenant_id: Id of the tenant; by default `cloud.tenant_id`, else the first that there is.
    """
