"""Agents: which there are, and when each last asked for work."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, update

from prefect_results.backend.store import new_id
from prefect_results.backend.store.schema import DEFAULT_TENANT_ID, agent
from prefect_results.backend.store.sql.rows import now
from prefect_results.backend.store.types import normalize_id
from prefect_results.server.operations.registry import Caller, mutation, query


@mutation(
    {
        "type": "String!",
        "name": "String",
        "labels": "[String!]",
        "tenant_id": "UUID",
        "agent_config_id": "UUID",
    },
    output={"id": "UUID"},
)
def register_agent(
    caller: Caller, type: str, name: str | None = None, labels: list[str] | None = None, **_: Any
) -> dict[str, str]:
    """Note an agent and give it the id that it shall send with its requests."""
    moment = now()
    values = {
        "id": new_id(),
        "created": moment,
        "updated": moment,
        "tenant_id": DEFAULT_TENANT_ID,
        "type": type,
        "name": name,
        "labels": sorted(set(labels or ())),
        "core_version": caller.core_version,
        "last_queried": moment,
    }

    def write(connection: Connection) -> None:
        connection.execute(insert(agent).values(values))

    caller.store.database.run(write)
    return {"id": str(values["id"])}


@mutation({"agent_id": "UUID!"}, output={"success": "Boolean"})
def delete_agent(caller: Caller, agent_id: str) -> dict[str, bool]:
    """Forget an agent."""

    def write(connection: Connection) -> bool:
        return connection.execute(delete(agent).where(agent.c.id == agent_id)).rowcount == 1

    return {"success": caller.store.database.run(write)}


def note_query(caller: Caller) -> datetime:
    """Note that the calling agent asked for work, and return when that was."""
    moment = now()
    agent_id = normalize_id(caller.agent_id)
    if agent_id is not None:

        def write(connection: Connection) -> None:
            mark = update(agent).where(agent.c.id == agent_id)
            connection.execute(mark.values(last_queried=moment))

        caller.store.database.run(write)
    return moment


@query({"where": "JSON"}, output="[agent_config!]!")
def agent_config(caller: Caller, **_: Any) -> list[Any]:
    """Return nothing: configurations of agents are kept by Prefect Cloud only."""
    return []
