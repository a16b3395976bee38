"""Flow runs: creating, finding and listing them, and which of them may start.

What belongs here: the table `flow_run`. What does not: changing its states (`states`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, exists, insert, or_, select, update

from prefect_results.backend.store.ids import new_id, new_name
from prefect_results.backend.store.records import FlowRun, Json, NewState, NewTaskRun, Page
from prefect_results.backend.store.schema import flow, flow_group, flow_run, task, task_run
from prefect_results.backend.store.sql import task_runs
from prefect_results.backend.store.sql.queries import Query
from prefect_results.backend.store.sql.rows import fetch, now, paged, selected
from prefect_results.backend.store.sql.states import FLOW_RUN, set_states
from prefect_results.backend.store.types import as_utc
from prefect_results.exceptions import RecordNotFound


def create(
    connection: Connection,
    flow_id: str,
    *,
    id: str | None,
    name: str | None,
    parameters: Mapping[str, Json] | None,
    context: Mapping[str, Json] | None,
    labels: Iterable[str] | None,
    run_config: Json,
    scheduled_start_time: datetime | None,
    auto_scheduled: bool,
    idempotency_key: str | None,
    state: Mapping[str, Json] | None,
    with_task_runs: bool,
) -> FlowRun:
    """Create a run of a flow; see `RunStore.create_flow_run`."""
    of = _flow(connection, flow_id)
    if idempotency_key is not None:
        there = _with_key(connection, flow_id, idempotency_key)
        if there is not None:
            return there
    moment = now()
    start = as_utc(scheduled_start_time) if scheduled_start_time else moment
    run_id = id or new_id()
    config = of.run_config if run_config is None else run_config
    values = {
        "id": run_id,
        "created": moment,
        "updated": moment,
        "flow_id": flow_id,
        "name": name or new_name(),
        "idempotency_key": idempotency_key,
        "labels": sorted(_labels(of, config) if labels is None else set(labels)),
        "parameters": {**(of.default_parameters or {}), **(parameters or {})},
        "context": dict(context or {}),
        "run_config": config,
        "scheduled_start_time": start,
        "auto_scheduled": auto_scheduled,
        "version": 0,
    }
    connection.execute(insert(flow_run).values(values))
    if with_task_runs:
        _create_task_runs(connection, flow_id, run_id, moment)
    first = _scheduled(start) if state is None else state
    set_states(connection, FLOW_RUN, [NewState(run_id, first, 0, moment)], "raise")
    return get(connection, run_id)


def _flow(connection: Connection, flow_id: str) -> Any:
    # The lock makes two processes with one idempotency key create one run after the other.
    query = (
        select(
            flow.c.run_config,
            flow_group.c.labels,
            flow_group.c.run_config.label("group_run_config"),
            flow_group.c.default_parameters,
        )
        .join(flow_group, flow_group.c.id == flow.c.flow_group_id)
        .where(flow.c.id == flow_id)
        .with_for_update(of=flow)
    )
    row = connection.execute(query).first()
    if row is None:
        raise RecordNotFound(f"the run store has no flow {flow_id!r}")
    return row


def _labels(of: Any, run_config: Json) -> set[str]:
    if of.labels is not None:
        return set(of.labels)
    return set((run_config or {}).get("labels") or ())


def _scheduled(start: datetime) -> dict[str, Json]:
    return {
        "type": "Scheduled",
        "message": "Flow run scheduled.",
        "start_time": start.isoformat(),
        "context": {},
        "cached_inputs": {},
        "_result": {"type": "NoResultType"},
    }


def _create_task_runs(connection: Connection, flow_id: str, run_id: str, moment: datetime) -> None:
    pending: dict[str, Json] = {
        "type": "Pending",
        "message": "Task run created",
        "context": {},
        "cached_inputs": {},
        "_result": {"type": "NoResultType"},
    }
    tasks = connection.execute(select(task.c.id).where(task.c.flow_id == flow_id)).scalars()
    first = ((pending, moment),)
    task_runs.create(connection, run_id, [NewTaskRun(each, states=first) for each in tasks])


def _with_key(connection: Connection, flow_id: str, key: str) -> FlowRun | None:
    query = selected(FlowRun, flow_run).where(
        flow_run.c.flow_id == flow_id, flow_run.c.idempotency_key == key
    )
    return next(iter(fetch(connection, FlowRun, query)), None)


_GET = Query(FlowRun, selected(FlowRun, flow_run).where(flow_run.c.id == bindparam("id")))


def get(connection: Connection, flow_run_id: str) -> FlowRun:
    """Return a flow run by id."""
    return _GET.one(connection, f"flow run {flow_run_id!r}", id=flow_run_id)


def listed(
    connection: Connection,
    flow_id: str | None,
    states: Sequence[str] | None,
    after: str | None,
    limit: int,
) -> Page[FlowRun]:
    """Return a page of flow runs, the newest first; see `RunStore.list_flow_runs`."""
    query = selected(FlowRun, flow_run)
    if flow_id is not None:
        query = query.where(flow_run.c.flow_id == flow_id)
    if states is not None:
        query = query.where(flow_run.c.state.in_(list(states)))
    if after is not None:
        query = query.where(flow_run.c.id < after)
    # Ids sort as they were made.
    items = fetch(connection, FlowRun, query.order_by(flow_run.c.id.desc()).limit(limit + 1))
    return paged(items, limit, lambda item: item.id)


def ready(connection: Connection, before: datetime, labels: Iterable[str], limit: int) -> list[str]:
    """Return ids of flow runs that may start; see `RunStore.ready_flow_runs`."""
    due_task = exists().where(
        task_run.c.flow_run_id == flow_run.c.id, task_run.c.state_start_time <= before
    )
    query = (
        select(flow_run.c.id, flow_run.c.labels)
        .where(
            or_(
                and_(flow_run.c.state == "Scheduled", flow_run.c.state_start_time <= before),
                and_(flow_run.c.state == "Running", due_task),
            )
        )
        .order_by(flow_run.c.state_start_time, flow_run.c.id)
    )
    offered = set(labels)
    found = []
    for row in connection.execute(query):
        wanted = set(row.labels or ())
        if wanted <= offered and (wanted or not offered):
            found.append(row.id)
            if len(found) == limit:
                break
    return found


def change(connection: Connection, flow_run_id: str, **values: Any) -> None:
    """Set columns of a flow run."""
    statement = update(flow_run).where(flow_run.c.id == flow_run_id)
    if connection.execute(statement.values(**values, updated=now())).rowcount == 0:
        raise RecordNotFound(f"the run store has no flow run {flow_run_id!r}")


def beat(connection: Connection, flow_run_id: str) -> None:
    """Note that the process of a flow run is alive now."""
    change(connection, flow_run_id, heartbeat=now())


def remove(connection: Connection, flow_run_id: str) -> None:
    """Delete a flow run; the database deletes what belongs to it."""
    if connection.execute(delete(flow_run).where(flow_run.c.id == flow_run_id)).rowcount == 0:
        raise RecordNotFound(f"the run store has no flow run {flow_run_id!r}")
