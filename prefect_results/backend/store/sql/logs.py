"""Logs of runs.

What belongs here: the table `log`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, tuple_

from prefect_results.backend.store.ids import new_ids
from prefect_results.backend.store.records import LogEntry, NewLog, Page
from prefect_results.backend.store.schema import log
from prefect_results.backend.store.sql.bulk import insert_many
from prefect_results.backend.store.sql.rows import (
    fetch,
    now,
    paged,
    selected,
)
from prefect_results.backend.store.types import clean_text, encode_json, encode_moment, normalize_id
from prefect_results.exceptions import RecordNotFound

_COLUMNS = (
    *("id", "created", "flow_run_id", "task_run_id", "timestamp"),
    *("level", "name", "message", "info"),
)


def write(connection: Connection, logs: Sequence[NewLog]) -> None:
    """Add lines to the logs of runs."""
    created = encode_moment(now())
    rows = [
        (
            log_id,
            created,
            _id(line.flow_run_id),
            None if line.task_run_id is None else _id(line.task_run_id),
            created if line.timestamp is None else encode_moment(line.timestamp),
            line.level,
            clean_text(line.name),
            clean_text(line.message),
            None if line.info is None else encode_json(line.info),
        )
        for line, log_id in zip(logs, new_ids(len(logs)))
    ]
    insert_many(connection, log, _COLUMNS, rows)


def _id(value: str) -> str:
    run_id = normalize_id(value)
    if run_id is None:
        raise RecordNotFound(f"the run store has no run {value!r} to write a log for")
    return run_id


def listed(
    connection: Connection,
    flow_run_id: str,
    task_run_id: str | None,
    since: datetime | None,
    until: datetime | None,
    levels: Sequence[str] | None,
    after: str | None,
    limit: int,
) -> Page[LogEntry]:
    """Return a page of a flow run's log; see `RunStore.list_logs`."""
    columns = log.c
    query = selected(LogEntry, log).where(columns.flow_run_id == flow_run_id)
    if task_run_id is not None:
        query = query.where(columns.task_run_id == task_run_id)
    if since is not None:
        query = query.where(columns.timestamp > since)
    if until is not None:
        query = query.where(columns.timestamp <= until)
    if levels is not None:
        query = query.where(columns.level.in_(list(levels)))
    if after is not None:
        moment, _, log_id = after.rpartition("/")
        position = (datetime.fromisoformat(moment), log_id)
        query = query.where(tuple_(columns.timestamp, columns.id) > position)
    query = query.order_by(columns.timestamp, columns.id).limit(limit + 1)
    items = fetch(connection, LogEntry, query)
    return paged(items, limit, lambda item: f"{item.timestamp.isoformat()}/{item.id}")
