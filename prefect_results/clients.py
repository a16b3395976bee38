"""Who makes the client of the API, and who answers queries, for rooms below those that do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prefect_results.exceptions import ConfigurationError

_factory: Callable[[], Any] | None = None


def register_client(factory: Callable[[], Any]) -> None:
    """Hand over what makes a client; the backend does when it is imported.

    Args:
        factory: Returns an object with the methods of the legacy `prefect.Client` that are used
            below it: `write_run_logs`, `graphql`, `get_cloud_url`.
    """
    global _factory
    _factory = factory


def has_client() -> bool:
    """Return whether clients can be made."""
    return _factory is not None


def make_client() -> Any:
    """Return a new client.

    Raises:
        ConfigurationError: None is registered.
    """
    if _factory is None:
        raise ConfigurationError(
            "No client of the API is registered; importing `prefect_results.backend` does that."
        )
    return _factory()


_executor: Callable[[], Callable[..., Any]] | None = None


def register_graphql(loader: Callable[[], Callable[..., Any]]) -> None:
    """Hand over what answers GraphQL queries on a run store without a server process.

    Args:
        loader: Called for each query; returns a function of a store, a query and its variables
            that returns the response.
    """
    global _executor
    _executor = loader


def graphql_executor() -> Callable[..., Any]:
    """Return what answers GraphQL queries on a run store.

    Raises:
        ConfigurationError: Nothing is registered.
    """
    if _executor is None:
        raise ConfigurationError(
            "Nothing that answers GraphQL queries is registered: `import prefect_results` does it"
        )
    return _executor()
