"""Queries that are asked often: compiled once, their rows straight from the driver.

What belongs here: the way past SQLAlchemy, which takes longer to find a compiled statement and to
hand over its rows than the database to answer it. What does not: any particular query.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Dialect, Select
from sqlalchemy.exc import DBAPIError

from prefect_results.backend.store.sql.rows import records, the_one

R = TypeVar("R")


class Query(Generic[R]):
    """A query of one kind of records.

    Args:
        record: Class of the records.
        statement: A SELECT of the columns that the records have, in their order; what it is to be
            given values for are bound parameters.
    """

    def __init__(self, record: type[R], statement: Select[Any]) -> None:
        self._record = record
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def all(self, connection: Connection, **values: Any) -> list[R]:
        """Return the records.

        Args:
            connection: Where to run the query.
            **values: Values of its bound parameters.
        """
        dialect = connection.dialect
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = _Compiled(self._statement, dialect)
        rows = compiled.rows(connection, values)
        return records(self._record, rows, compiled.processors)

    def first(self, connection: Connection, **values: Any) -> R | None:
        """Return the first record, or None."""
        return next(iter(self.all(connection, **values)), None)

    def one(self, connection: Connection, what: str, **values: Any) -> R:
        """Return the one record.

        Raises:
            RecordNotFound: There is none; `what` tells what was looked for.
        """
        return the_one(self.all(connection, **values), what)


class _Compiled:
    """What the driver is given for a statement, and what becomes of the values it returns."""

    def __init__(self, statement: Select[Any], dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect)
        self._text = str(compiled)
        self._order: list[str] | None = compiled.positiontup
        self._constants: dict[str, Any] = compiled.params
        types = {name: bound.type.dialect_impl(dialect) for name, bound in compiled.binds.items()}
        found = {name: kind.bind_processor(dialect) for name, kind in types.items()}
        self._bind = {name: process for name, process in found.items() if process is not None}
        self.processors = {
            place: process
            for place, column in enumerate(statement.selected_columns)
            if (process := column.type.dialect_impl(dialect).result_processor(dialect, None))
        }

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        bound = {**self._constants, **values}
        for name, process in self._bind.items():
            bound[name] = process(bound[name])
        given: Any = bound if self._order is None else [bound[name] for name in self._order]
        cursor = connection.connection.cursor()
        try:
            cursor.execute(self._text, given)
            return list(cursor.fetchall())
        except connection.dialect.loaded_dbapi.Error as exc:
            raise _wrapped(connection, exc) from exc
        finally:
            cursor.close()


def _wrapped(connection: Connection, exc: Exception) -> BaseException:
    """Return what SQLAlchemy raises for an error of the driver."""
    dialect = connection.dialect
    if dialect.is_disconnect(exc, connection.connection, None):  # type: ignore[arg-type]
        connection.invalidate(exc)
    return DBAPIError.instance(None, None, exc, dialect.loaded_dbapi.Error, dialect=dialect)
