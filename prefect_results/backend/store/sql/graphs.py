"""Tasks and edges of registered flows.

What belongs here: the tables `task` and `edge`, and what follows for a task from its edges. What
does not: the wire form of tasks and edges, of which only the fields that are columns are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, insert, select, update

from prefect_results.backend.store.ids import new_ids
from prefect_results.backend.store.records import Edge, Json, Task
from prefect_results.backend.store.schema import edge, flow, task
from prefect_results.backend.store.sql.rows import chunks, fetch, now, selected, upsert
from prefect_results.exceptions import RecordNotFound

Serialized = Mapping[str, Json]


def add_tasks(connection: Connection, flow_id: str, tasks: Iterable[Serialized]) -> None:
    """Add tasks; those whose slug the flow has are left as they are."""
    wanted = list(tasks)
    references = _reference_slugs(connection, flow_id)
    moment = now()
    rows = [
        {
            "id": task_id,
            "created": moment,
            "updated": moment,
            "flow_id": flow_id,
            **_columns(item),
            # Until an edge says otherwise.
            "is_root_task": True,
            "is_terminal_task": True,
            "is_reference_task": not references or item.get("slug") in references,
        }
        for item, task_id in zip(wanted, new_ids(len(wanted)))
    ]
    key = ["flow_id", "slug"]
    statement = upsert(connection, task).on_conflict_do_nothing(index_elements=key)
    for batch in chunks(rows):
        connection.execute(statement, batch)


def _reference_slugs(connection: Connection, flow_id: str) -> set[str]:
    row = connection.execute(select(flow.c.serialized_flow).where(flow.c.id == flow_id)).first()
    if row is None:
        raise RecordNotFound(f"the run store has no flow {flow_id!r}")
    found = (row.serialized_flow or {}).get("reference_tasks") or ()
    return {item["slug"] for item in found}


def _columns(item: Serialized) -> dict[str, Any]:
    trigger = item.get("trigger")
    delay = item.get("retry_delay")
    slug = item.get("slug")
    if not slug:
        raise ValueError(f"a task needs a slug to be registered; {item.get('name')!r} has none")
    return {
        **{name: item.get(name) for name in ("name", "description", "type", "cache_key")},
        "slug": slug,
        "max_retries": item.get("max_retries"),
        "retry_delay": None if delay is None else float(delay),
        "trigger": trigger.get("fn") if isinstance(trigger, Mapping) else trigger,
        "tags": sorted(item.get("tags") or ()),
        "mapped": bool(item.get("mapped")),
        "auto_generated": bool(item.get("auto_generated")),
    }


def add_edges(connection: Connection, flow_id: str, edges: Iterable[Serialized]) -> None:
    """Add edges, and note what follows from them for their tasks."""
    tasks = {item.slug: item.id for item in connection.execute(_slugs(flow_id))}
    there = {
        (item.upstream_task_id, item.downstream_task_id, item.key)
        for item in listed_edges(connection, flow_id)
    }
    moment = now()
    rows: list[dict[str, Any]] = []
    for item in edges:
        up, down = (_end(tasks, item, side) for side in ("upstream_task", "downstream_task"))
        key = item.get("key")
        if (up, down, key) in there:
            continue
        there.add((up, down, key))
        rows.append(
            {
                "created": moment,
                "updated": moment,
                "flow_id": flow_id,
                "upstream_task_id": up,
                "downstream_task_id": down,
                "key": key,
                "mapped": bool(item.get("mapped")),
                "flattened": bool(item.get("flattened")),
            }
        )
    for row, edge_id in zip(rows, new_ids(len(rows))):
        row["id"] = edge_id
    for batch in chunks(rows):
        connection.execute(insert(edge), batch)
    _mark(connection, {row["upstream_task_id"] for row in rows}, is_terminal_task=False)
    _mark(connection, {row["downstream_task_id"] for row in rows}, is_root_task=False)
    _mark(connection, {row["downstream_task_id"] for row in rows if row["mapped"]}, mapped=True)
    if rows and not _reference_slugs(connection, flow_id):
        # Without a choice of the user the terminal tasks decide.
        statement = update(task).where(task.c.flow_id == flow_id)
        connection.execute(statement.values(is_reference_task=task.c.is_terminal_task))


def _slugs(flow_id: str) -> Any:
    return select(task.c.slug, task.c.id).where(task.c.flow_id == flow_id)


def _end(tasks: Mapping[str, str], item: Serialized, side: str) -> str:
    slug: Any = (item.get(side) or {}).get("slug")
    if slug not in tasks:
        raise ValueError(f"an edge has {slug!r} as its {side}, which is no task of the flow")
    return tasks[slug]


def _mark(connection: Connection, task_ids: Iterable[str], **values: bool) -> None:
    for batch in chunks(sorted(task_ids)):
        connection.execute(update(task).where(task.c.id.in_(batch)).values(**values))


def listed_tasks(connection: Connection, flow_id: str) -> list[Task]:
    """Return the tasks of a flow version, by slug."""
    query = selected(Task, task).where(task.c.flow_id == flow_id).order_by(task.c.slug)
    return fetch(connection, Task, query)


def listed_edges(connection: Connection, flow_id: str) -> list[Edge]:
    """Return the edges of a flow version, in the order in which they were added."""
    return fetch(
        connection, Edge, selected(Edge, edge).where(edge.c.flow_id == flow_id).order_by(edge.c.id)
    )
