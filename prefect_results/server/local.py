"""Answering queries in this process, for a client of the embedded run store.

What belongs here: the function that is registered for that. What does not: executing (`execution`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prefect_results import __version__
from prefect_results.backend.store.sql.store import SqlRunStore
from prefect_results.server.execution import execute
from prefect_results.server.operations import Caller


def answer(store: SqlRunStore, query: str, variables: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the response to a query on a run store.

    Args:
        store: The store.
        query: A GraphQL document.
        variables: Its variables.
    """
    values = None if variables is None else dict(variables)
    caller = Caller(store, core_version=__version__)
    return execute({"query": query, "variables": values}, caller).body
