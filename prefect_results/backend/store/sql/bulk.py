"""Many rows into a table at once, past SQLAlchemy, which spends more time on a row than SQLite.

What belongs here: one INSERT and one UPDATE for many rows, the way that is quickest on each
database: prepared once and run for every row on SQLite, one statement that takes all rows as a JSON
document on PostgreSQL. Values are as text and numbers: moments by `encode_moment`, documents by
`encode_json`, text by `clean_text`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Table

from prefect_results.backend.store.types import encode_json

Row = tuple[Any, ...]


def insert_many(
    connection: Connection,
    table: Table,
    columns: tuple[str, ...],
    rows: Sequence[Row],
    suffix: str = "",
) -> int:
    """Insert rows; return how many went in.

    Args:
        connection: A transaction.
        table: Where to.
        columns: Names of the columns that the values are for, in order.
        rows: The values.
        suffix: What follows in the statement, such as ON CONFLICT.
    """
    if not rows:
        return 0
    if connection.dialect.name == "sqlite":
        statement = _sqlite_insert(table, columns, suffix)
        return connection.exec_driver_sql(statement, list(rows)).rowcount
    statement = _postgres_insert(connection.dialect, table, columns, suffix)
    return connection.exec_driver_sql(statement, (_document(rows),)).rowcount


def update_many(
    connection: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[Row]
) -> None:
    """Update rows by id; each tuple holds the values of `columns` and then the id."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_sqlite_update(table, columns), list(rows))
        return
    connection.exec_driver_sql(
        _postgres_update(connection.dialect, table, columns), (_document(rows),)
    )


def _document(rows: Sequence[Row]) -> str:
    keys = [f"c{i}" for i in range(len(rows[0]))]
    return encode_json([dict(zip(keys, row)) for row in rows])


@lru_cache(maxsize=32)
def _sqlite_insert(table: Table, columns: tuple[str, ...], suffix: str) -> str:
    marks = ", ".join("?" * len(columns))
    return f'INSERT INTO "{table.name}" ({_names(columns)}) VALUES ({marks}) {suffix}'


@lru_cache(maxsize=32)
def _sqlite_update(table: Table, columns: tuple[str, ...]) -> str:
    settings = ", ".join(f'"{name}" = ?' for name in columns)
    return f'UPDATE "{table.name}" SET {settings} WHERE "id" = ?'


@lru_cache(maxsize=32)
def _postgres_insert(dialect: Dialect, table: Table, columns: tuple[str, ...], suffix: str) -> str:
    return (
        f'INSERT INTO "{table.name}" ({_names(columns)}) SELECT * FROM '
        f"{_recordset(dialect, table, columns)} {suffix}"
    )


@lru_cache(maxsize=32)
def _postgres_update(dialect: Dialect, table: Table, columns: tuple[str, ...]) -> str:
    settings = ", ".join(f'"{name}" = r.c{i}' for i, name in enumerate(columns))
    given = _recordset(dialect, table, (*columns, "id"))
    return f'UPDATE "{table.name}" SET {settings} FROM {given} WHERE id = r.c{len(columns)}'


def _names(columns: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def _recordset(dialect: Dialect, table: Table, columns: tuple[str, ...]) -> str:
    fields = (
        f"c{i} {table.c[name].type.compile(dialect=dialect)}" for i, name in enumerate(columns)
    )
    return f"json_to_recordset(%s::json) AS r({', '.join(fields)})"
