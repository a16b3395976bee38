"""`SqlRunStore`: the run store over SQLAlchemy.

What belongs here: which function serves which method of the port, and whether it reads or writes; a
module for each noun. Docstrings are those of the port.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from prefect_results.backend.store import migrate
from prefect_results.backend.store.port import RunStore
from prefect_results.backend.store.sql.database import Database
from prefect_results.backend.store.sql.store.flow_runs import SqlFlowRuns
from prefect_results.backend.store.sql.store.flows import SqlFlows
from prefect_results.backend.store.sql.store.key_values import SqlKeyValues
from prefect_results.backend.store.sql.store.logs import SqlLogs
from prefect_results.backend.store.sql.store.projects import SqlProjects
from prefect_results.backend.store.sql.store.states import SqlStates
from prefect_results.backend.store.sql.store.task_runs import SqlTaskRuns

__all__ = ["SqlRunStore"]


class SqlRunStore(
    SqlProjects, SqlFlows, SqlFlowRuns, SqlTaskRuns, SqlStates, SqlLogs, SqlKeyValues, RunStore
):
    """A run store in an SQLite file or a PostgreSQL database.

    Args:
        url: As `open_store` takes it.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.database = Database(url)
        try:
            migrate.ensure(self.database)
        except BaseException:
            self.database.dispose()
            raise

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.database.engine.url.render_as_string()!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.url,))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self.database.write():
            yield

    def close(self) -> None:
        self.database.dispose()
