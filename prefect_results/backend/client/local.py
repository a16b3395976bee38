"""The API of the embedded run store, answered in this process: no server is needed.

What belongs here: when that is so, and passing queries on. What does not: GraphQL, which the
server registers (`prefect_results.clients.register_graphql`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prefect_results.backend.access.opening import configured_url, is_api
from prefect_results.backend.store import RunStore, open_store
from prefect_results.clients import graphql_executor
from prefect_results.configuration import config

_NOBODY = "https://api.prefect.io"


def is_local(api_key: str | None) -> bool:
    """Return whether a client that is given no URL asks the embedded run store.

    That is so if the configuration names neither an API (`store.url`, `backend = "server"`,
    `cloud.api`) nor a key.
    """
    return not (api_key or is_api(configured_url()) or str(config.cloud.api) != _NOBODY)


class LocalApi:
    """The API over the configured run store."""

    def __init__(self) -> None:
        self.url = configured_url()
        self._store: RunStore | None = None

    def execute(self, query: str, variables: Mapping[str, Any] | None) -> Any:
        """Execute a query and return the response.

        Raises:
            ConfigurationError: Nothing that speaks GraphQL is registered.
            MissingExtra: The extra `server` is not installed.
        """
        if self._store is None:
            self._store = open_store(self.url)
        return graphql_executor()(self._store, query, variables)
