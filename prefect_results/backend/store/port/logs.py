"""What every run store can do with lines of logs. The contract is here and nowhere else."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime

from prefect_results.backend.store.records import LogEntry, NewLog, Page


class Logs(ABC):
    """Part of the port `RunStore`: lines of logs."""

    @abstractmethod
    def write_logs(self, new_logs: Sequence[NewLog]) -> None:
        """Add lines to the logs of runs.

        Raises:
            RecordNotFound: No such flow run or task run; nothing is written.
        """

    @abstractmethod
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
        """Return a page of a flow run's log, oldest first.

        Args:
            flow_run_id: The flow run.
            task_run_id: Only lines of this task run.
            since: Only lines after this moment, without it.
            until: Only lines up to this moment.
            levels: Only lines of these levels.
            after: `next` of the page before.
            limit: Lines on a page, at least 1.
        """
