"""The run store over SQLAlchemy: its methods on logs. Docstrings are those of the port."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from prefect_results.backend.store.port.logs import Logs
from prefect_results.backend.store.records import LogEntry, NewLog, Page
from prefect_results.backend.store.sql import logs
from prefect_results.backend.store.sql.database import Database


class SqlLogs(Logs):
    """Serves the port's methods on logs."""

    database: Database

    def write_logs(self, new_logs: Sequence[NewLog]) -> None:
        self.database.run(lambda c: logs.write(c, new_logs))

    def list_logs(
        self,
        flow_run_id: str,
        *,
        task_run_id: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        levels: Sequence[str] | None = None,
        after: str | None = None,
        limit: int = 1000,
    ) -> Page[LogEntry]:
        with self.database.read() as c:
            return logs.listed(c, flow_run_id, task_run_id, since, until, levels, after, limit)
