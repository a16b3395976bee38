"""What Prefect Cloud can do and this server does not, said in so many words.

Lists of such things are empty; changing them is refused.
"""

from __future__ import annotations

from typing import Any, NoReturn

from prefect_results.server.errors import RequestRefused
from prefect_results.server.operations.registry import Caller, mutation, query


def _refuse(what: str, instead: str) -> NoReturn:
    raise RequestRefused(f"This server keeps no {what}: {instead}.", code="NOT_SUPPORTED")


@query(output="[String!]!")
def secret_names(caller: Caller) -> list[str]:
    """Return nothing: secrets stay where the flows run."""
    return []


@query({"name": "String!"}, output="JSON")
def secret_value(caller: Caller, name: str) -> NoReturn:
    """Refuse: secrets stay where the flows run."""
    _refuse("secrets", "set PREFECT__CONTEXT__SECRETS__<NAME> where the flow runs")


@mutation({"name": "String!", "value": "JSON"}, output={"success": "Boolean"})
def set_secret(caller: Caller, name: str, value: Any = None) -> NoReturn:
    """Refuse: secrets stay where the flows run."""
    _refuse("secrets", "set PREFECT__CONTEXT__SECRETS__<NAME> where the flow runs")


@query({"where": "JSON"}, output="[task_tag_limit!]!")
def task_tag_limit(caller: Caller, **_: Any) -> list[Any]:
    """Return nothing: no tag has a limit."""
    return []


@mutation({"tag": "String!", "limit": "Int!"}, output={"id": "UUID"})
def update_task_tag_limit(caller: Caller, **_: Any) -> NoReturn:
    """Refuse."""
    _refuse("limits of concurrency", "limit the number of workers of the executor")


@mutation({"limit_id": "UUID!"}, output={"success": "Boolean"})
def delete_task_tag_limit(caller: Caller, **_: Any) -> NoReturn:
    """Refuse."""
    _refuse("limits of concurrency", "there is nothing to delete")


@query(output="[auth_api_key!]!")
def auth_api_key(caller: Caller) -> list[Any]:
    """Return nothing: the one key is an option of the command that starts the server."""
    return []


@mutation({"name": "String", "user_id": "UUID", "expires_at": "DateTime"}, output={"key": "String"})
def create_api_key(caller: Caller, **_: Any) -> NoReturn:
    """Refuse."""
    _refuse("API keys", "it has one, which is given when it is started")


@mutation({"key_id": "UUID!"}, output={"success": "Boolean"})
def delete_api_key(caller: Caller, **_: Any) -> NoReturn:
    """Refuse."""
    _refuse("API keys", "it has one, which is given when it is started")
