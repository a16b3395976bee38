"""Tenants, agents and artifacts of a run store, which its port has no methods for.

What belongs here: these three tables. Imports SQLAlchemy, so it is imported when it is used.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from prefect_results.backend.access.records import AgentData, Json, TenantData
from prefect_results.backend.store import RunStore, new_id
from prefect_results.backend.store.schema import DEFAULT_TENANT_ID, agent, task_run_artifact, tenant
from prefect_results.backend.store.sql.rows import now
from prefect_results.exceptions import RecordNotFound
from prefect_results.version import __version__


def _database(store: RunStore) -> Any:
    database = getattr(store, "database", None)
    if database is None:
        raise NotImplementedError(f"{type(store).__name__} keeps neither agents nor artifacts")
    return database


def tenants(store: RunStore) -> list[TenantData]:
    """Return the tenant of a store."""
    columns = tenant.c
    with _database(store).read() as connection:
        query = select(columns.id, columns.name, columns.slug)
        return [TenantData(id=id, name=n, slug=s) for id, n, s in connection.execute(query)]


def agents(store: RunStore) -> list[AgentData]:
    """Return all agents of a store."""
    columns = agent.c
    query = select(columns.id, columns.name, columns.labels, columns.last_queried)
    with _database(store).read() as connection:
        return [
            AgentData(id=id, name=name, labels=labels or (), last_queried=queried)
            for id, name, labels, queried in connection.execute(query)
        ]


def register_agent(store: RunStore, kind: str, name: str | None, labels: Iterable[str]) -> str:
    """Note an agent and return its id.

    Args:
        store: The store.
        kind: Name of its class.
        name: What people call it.
        labels: Labels of the runs that it takes.
    """
    moment = now()
    values = {
        "id": new_id(),
        "created": moment,
        "updated": moment,
        "tenant_id": DEFAULT_TENANT_ID,
        "type": kind,
        "name": name,
        "labels": sorted(set(labels)),
        "core_version": __version__,
        "last_queried": moment,
    }
    _execute(store, insert(agent).values(values))
    return str(values["id"])


def note_query(store: RunStore, agent_id: str) -> None:
    """Note that an agent asked for work now."""
    _execute(store, update(agent).where(agent.c.id == agent_id).values(last_queried=now()))


def forget_agent(store: RunStore, agent_id: str) -> None:
    """Delete an agent."""
    _execute(store, delete(agent).where(agent.c.id == agent_id))


def create_artifact(store: RunStore, task_run_id: str, kind: str, data: Json) -> str:
    """Keep an artifact of a task run and return its id."""
    moment = now()
    values = {
        "id": new_id(),
        "created": moment,
        "updated": moment,
        "task_run_id": task_run_id,
        "kind": kind,
        "data": data,
    }
    _execute(store, insert(task_run_artifact).values(values))
    return str(values["id"])


def update_artifact(store: RunStore, artifact_id: str, data: Json) -> None:
    """Put other data in the place of an artifact's."""
    statement = update(task_run_artifact).where(task_run_artifact.c.id == artifact_id)
    _found(artifact_id, _execute(store, statement.values(data=data, updated=now())))


def delete_artifact(store: RunStore, artifact_id: str) -> None:
    """Delete an artifact."""
    statement = delete(task_run_artifact).where(task_run_artifact.c.id == artifact_id)
    _found(artifact_id, _execute(store, statement))


def _found(artifact_id: str, count: int) -> None:
    if count == 0:
        raise RecordNotFound(f"the run store has no artifact {artifact_id!r}")


def _execute(store: RunStore, statement: Any) -> int:
    def write(connection: Connection) -> int:
        return connection.execute(statement).rowcount

    count: int = _database(store).run(write)
    return count
