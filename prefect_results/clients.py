"""Who makes the client of the API for rooms below the one that has it."""

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
