"""Fields of the API that no table stands behind, and how each declares itself.

What belongs here: the declaration. What does not: what the operations do (the other modules of this
folder) and the GraphQL types made of it (`schema`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import attrs

from prefect_results.backend.store.sql.store import SqlRunStore

Fields = Mapping[str, str]
"""Names of fields with their types as GraphQL writes them, such as `[UUID!]!`."""

Resolve = TypeVar("Resolve", bound=Callable[..., Any])


@attrs.frozen
class Caller:
    """Whose request it is, and the store that it is for.

    Attributes:
        store: The run store.
        core_version: The version of Prefect that the caller says it is.
        agent_id: The id of the agent that the caller says it is.
    """

    store: SqlRunStore
    core_version: str | None = None
    agent_id: str | None = None


@attrs.frozen
class Operation:
    """A field of the query or the mutation type.

    Attributes:
        name: Its name.
        arguments: Its arguments; of a mutation, the fields of its `input`.
        output: The fields of what it returns, or the type where that is no object.
        resolve: Called with a `Caller` and the arguments by name.
    """

    name: str
    arguments: Fields
    output: Fields | str
    resolve: Callable[..., Any]


QUERIES: dict[str, Operation] = {}
MUTATIONS: dict[str, Operation] = {}

INPUTS: dict[str, Fields] = {
    "flow_run_state_input": {"flow_run_id": "UUID!", "state": "JSON!", "version": "Int"},
    "task_run_state_input": {"task_run_id": "UUID!", "state": "JSON!", "version": "Int"},
    "run_log_input": {
        "flow_run_id": "UUID",
        "task_run_id": "UUID",
        "timestamp": "DateTime",
        "name": "String",
        "level": "String",
        "message": "String",
        "info": "JSON",
    },
}
"""Input types that the operations share."""

OUTPUTS: dict[str, Fields] = {
    "set_state_result": {"id": "UUID", "status": "String", "message": "String"},
    "agent_config": {"id": "UUID", "name": "String", "settings": "JSON"},
    "task_tag_limit": {"id": "UUID", "tag": "String", "limit": "Int"},
    "auth_api_key": {"id": "UUID", "name": "String", "expires_at": "DateTime"},
}
"""Object types that the operations share."""


def query(arguments: Fields | None = None, *, output: Fields | str) -> Callable[[Resolve], Resolve]:
    """Declare a function as a field of the query type."""
    return _declare(QUERIES, arguments or {}, output)


def mutation(input: Fields, *, output: Fields) -> Callable[[Resolve], Resolve]:
    """Declare a function as a field of the mutation type.

    Its one argument is `input`; the function gets what was given in it by name, and nothing for
    what was left out, so its own defaults count.
    """
    return _declare(MUTATIONS, input, output)


def _declare(
    where: dict[str, Operation], arguments: Fields, output: Fields | str
) -> Callable[[Resolve], Resolve]:
    def keep(resolve: Resolve) -> Resolve:
        name = resolve.__name__
        where[name] = Operation(name, arguments, output, resolve)
        return resolve

    return keep
