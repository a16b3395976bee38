"""The embedded run store as an API: asked in this process, no server is needed.

What belongs here: when that is so, and passing on what a client asks. What does not: GraphQL,
which the server registers (`prefect_results.clients.register_graphql`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prefect_results.backend.access import StoredRuns, open_access
from prefect_results.backend.access.opening import configured_url, is_api
from prefect_results.backend.parameters import complaint
from prefect_results.clients import graphql_executor
from prefect_results.configuration import config
from prefect_results.context import context
from prefect_results.exceptions import ClientError

_NOBODY = "https://api.prefect.io"


def is_local(api_key: str | None) -> bool:
    """Return whether a client that is given no URL asks the embedded run store.

    That is so if the configuration names neither an API (`store.url`, `backend = "server"`,
    `cloud.api`) nor a key.
    """
    return not (api_key or is_api(configured_url()) or str(config.cloud.api) != _NOBODY)


def default_api() -> str:
    """Return the URL of the API that is asked when none is given and it is not the embedded one."""
    url = configured_url()
    return url if is_api(url) else str(context.config.cloud.api)


class LocalApi:
    """The configured run store, opened when it is first asked."""

    def __init__(self) -> None:
        self.url = configured_url()

    @property
    def runs(self) -> StoredRuns:
        """The access to its runs."""
        access = open_access(self.url)
        assert isinstance(access, StoredRuns)
        return access

    def execute(self, query: str, variables: Mapping[str, Any] | None) -> Any:
        """Execute a query and return the response.

        Raises:
            ConfigurationError: Nothing that speaks GraphQL is registered.
            MissingExtra: The extra `server` is not installed.
        """
        return graphql_executor()(self.runs.store, query, variables)

    def create_flow_run(self, flow_id: str, **options: Any) -> str:
        """Create a run of a flow, and have it executed by the agent of this process.

        Raises:
            ClientError: A required parameter is not given, or one that the flow does not have.
        """
        from prefect_results.backend.agent import execute_soon

        store = self.runs.store
        flow = store.get_flow(flow_id)
        defaults = store.get_flow_group(flow.flow_group_id).default_parameters
        if wrong := complaint(flow.parameters, options.get("parameters"), defaults):
            raise ClientError(f"{wrong} (flow {flow.name!r})")
        flow_run_id = self.runs.create_flow_run(flow_id, **options)
        execute_soon(self.url, flow_run_id)
        return flow_run_id
