"""Flows: registering versions of them, and finding them.

What belongs here: the tables `flow` and `flow_group`. What does not: their tasks and edges
(`graphs`) and their runs (`flow_runs`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from prefect_results.backend.store.ids import new_id
from prefect_results.backend.store.records import Flow, FlowGroup, Json
from prefect_results.backend.store.schema import DEFAULT_TENANT_ID, flow, flow_group, project
from prefect_results.backend.store.sql import graphs
from prefect_results.backend.store.sql.rows import fetch, fetch_one, now, selected, upsert
from prefect_results.exceptions import RecordNotFound

DEFAULT_SETTINGS = {
    "heartbeat_enabled": True,
    "lazarus_enabled": False,
    "version_locking_enabled": True,
}


def register(
    connection: Connection,
    project_id: str,
    serialized: Mapping[str, Json],
    version_group_id: str | None,
    idempotency_key: str | None,
    core_version: str | None,
    settings: Mapping[str, Json] | None,
) -> Flow:
    """Register a version of a flow; see `RunStore.register_flow`."""
    name = serialized.get("name")
    if not name:
        raise ValueError("a flow needs a name to be registered; its serialized form has none")
    _hold_project(connection, project_id)
    group = version_group_id or _group_of(connection, project_id, name) or new_id()
    group_id = _group_id(connection, group)
    newest = _newest(connection, group_id)
    if newest is not None and idempotency_key and newest.idempotency_key == idempotency_key:
        return newest
    moment = now()
    archive = update(flow).where(flow.c.flow_group_id == group_id, ~flow.c.archived)
    connection.execute(archive.values(archived=True, updated=moment))
    values = {
        "id": new_id(),
        "created": moment,
        "updated": moment,
        "project_id": project_id,
        "flow_group_id": group_id,
        "name": name,
        "version": newest.version + 1 if newest else 1,
        "version_group_id": group,
        "archived": False,
        "core_version": core_version,
        "idempotency_key": idempotency_key,
        "settings": dict(DEFAULT_SETTINGS if settings is None else settings),
        "is_schedule_active": False,
        "serialized_flow": serialized,
        **_from(serialized, "description", "environment", "storage", "run_config"),
        **_from(serialized, "parameters", "schedule"),
    }
    connection.execute(insert(flow).values(values))
    flow_id = str(values["id"])
    graphs.add_tasks(connection, flow_id, serialized.get("tasks") or ())
    graphs.add_edges(connection, flow_id, serialized.get("edges") or ())
    return get(connection, flow_id)


def _from(serialized: Mapping[str, Json], *names: str) -> dict[str, Json]:
    return {name: serialized.get(name) for name in names}


def _hold_project(connection: Connection, project_id: str) -> None:
    # Two processes that register at once number their versions one after the other.
    query = select(project.c.id).where(project.c.id == project_id).with_for_update()
    if connection.execute(query).first() is None:
        raise RecordNotFound(f"the run store has no project {project_id!r}")


def _group_of(connection: Connection, project_id: str, name: str) -> str | None:
    query = (
        select(flow.c.version_group_id)
        .where(flow.c.project_id == project_id, flow.c.name == name)
        .order_by(flow.c.created.desc(), flow.c.id.desc())
        .limit(1)
    )
    return connection.execute(query).scalar()


def _group_id(connection: Connection, group: str) -> str:
    moment = now()
    statement = upsert(connection, flow_group).values(
        id=new_id(),
        created=moment,
        updated=moment,
        tenant_id=DEFAULT_TENANT_ID,
        name=group,
        settings={},
    )
    connection.execute(statement.on_conflict_do_nothing(index_elements=["tenant_id", "name"]))
    query = select(flow_group.c.id).where(flow_group.c.name == group).with_for_update()
    return str(connection.execute(query).scalar_one())


def _newest(connection: Connection, group_id: str) -> Flow | None:
    latest = select(func.max(flow.c.version)).where(flow.c.flow_group_id == group_id)
    query = selected(Flow, flow).where(
        flow.c.flow_group_id == group_id, flow.c.version == latest.scalar_subquery()
    )
    return next(iter(fetch(connection, Flow, query)), None)


def get(connection: Connection, flow_id: str) -> Flow:
    """Return a flow version by id."""
    query = selected(Flow, flow).where(flow.c.id == flow_id)
    return fetch_one(connection, Flow, query, f"flow {flow_id!r}")


def get_group(connection: Connection, flow_group_id: str) -> FlowGroup:
    """Return a flow group by id."""
    query = selected(FlowGroup, flow_group).where(flow_group.c.id == flow_group_id)
    return fetch_one(connection, FlowGroup, query, f"flow group {flow_group_id!r}")


def listed(connection: Connection, **wanted: Any) -> list[Flow]:
    """Return flow versions, the newest first; see `RunStore.list_flows`."""
    query = selected(Flow, flow).order_by(flow.c.created.desc(), flow.c.id.desc())
    for name, value in wanted.items():
        if value is not None:
            query = query.where(flow.c[name] == value)
    return fetch(connection, Flow, query)


def change(connection: Connection, flow_id: str, **values: Any) -> None:
    """Set columns of a flow version."""
    statement = update(flow).where(flow.c.id == flow_id).values(**values, updated=now())
    if connection.execute(statement).rowcount == 0:
        raise RecordNotFound(f"the run store has no flow {flow_id!r}")


def remove(connection: Connection, flow_id: str) -> None:
    """Delete a flow version; the database deletes what belongs to it."""
    if connection.execute(delete(flow).where(flow.c.id == flow_id)).rowcount == 0:
        raise RecordNotFound(f"the run store has no flow {flow_id!r}")
