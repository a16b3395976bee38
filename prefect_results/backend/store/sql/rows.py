"""Rows to records.

What belongs here: what every other module of this folder needs to read rows. What does not:
anything about one table, queries that
are asked often (`queries`), and writing many rows (`bulk`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timezone
from types import MappingProxyType
from typing import Any, TypeVar

import attrs
from sqlalchemy import ColumnElement, Connection, Select, Table, select
from sqlalchemy.dialects import postgresql, sqlite

from prefect_results.backend.store.records import Page
from prefect_results.exceptions import RecordNotFound

R = TypeVar("R")


def now() -> datetime:
    """Return this moment in UTC."""
    return datetime.now(timezone.utc)


def selected(record: type[Any], table: Table, **others: ColumnElement[Any]) -> Select[Any]:
    """Return a SELECT of the columns that a record has.

    Args:
        record: Class of the records.
        table: Where their fields come from, each from the column of its name.
        **others: Columns for the fields that come from elsewhere.
    """
    return select(
        *(others[name].label(name) if name in others else table.c[name] for name in _names(record))
    )


def _names(record: type[Any]) -> tuple[str, ...]:
    return tuple(attrs.fields_dict(record))


def records(
    record: Callable[..., R],
    rows: Sequence[Any],
    processors: Mapping[int, Callable[[Any], Any]] = MappingProxyType({}),
) -> list[R]:
    """Make records of rows.

    Args:
        record: Class of the records.
        rows: Their values, in the order of the record's fields.
        processors: What makes of the values at some places those that the records have.
    """
    columns: list[Iterable[Any]] = list(zip(*rows))
    for place, process in processors.items() if rows else ():
        columns[place] = map(process, columns[place])
    return list(map(record, *columns)) if rows else []


def fetch(connection: Connection, record: type[R], query: Select[Any]) -> list[R]:
    """Run a query of `selected` columns that was made for the occasion; return the records."""
    return records(record, connection.execute(query).all())


def fetch_one(connection: Connection, record: type[R], query: Select[Any], what: str) -> R:
    """Return the one record of a query.

    Raises:
        RecordNotFound: There is none; `what` tells what was looked for.
    """
    return the_one(fetch(connection, record, query), what)


def the_one(found: Sequence[R], what: str) -> R:
    """Return the only record that was found.

    Raises:
        RecordNotFound: There is none; `what` tells what was looked for.
    """
    if not found:
        raise RecordNotFound(f"the run store has no {what}")
    return found[0]


def paged(items: list[R], limit: int, cursor: Callable[[R], str]) -> Page[R]:
    """Make a page of items that were asked for with a limit of `limit + 1`."""
    if len(items) <= limit:
        return Page(tuple(items))
    return Page(tuple(items[:limit]), cursor(items[limit - 1]))


def upsert(connection: Connection, table: Table) -> Any:
    """Return an INSERT that may say what to do on a conflict."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    return dialect.insert(table)


def chunks(items: Iterable[R], size: int = 500) -> Iterable[list[R]]:
    """Split items into lists that fit a statement's parameters."""
    batch: list[R] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
