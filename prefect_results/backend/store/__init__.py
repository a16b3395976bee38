"""The run store: what is recorded of flows and their runs.

`RunStore` is the port and documents the contract, `open_store` opens the one that a URL or the
configuration names. Needs the extra `backend`, and `postgres` for PostgreSQL; nothing else of the
package imports this room at import time.
"""

from prefect_results.backend.store.ids import new_id, new_ids
from prefect_results.backend.store.opening import default_url, open_store
from prefect_results.backend.store.port import RunStore
from prefect_results.backend.store.records import (
    Edge,
    Flow,
    FlowGroup,
    FlowRun,
    LogEntry,
    NewLog,
    NewState,
    NewTaskRun,
    Outcome,
    Page,
    Project,
    RunState,
    Task,
    TaskRun,
)

__all__ = [
    "RunStore",
    "open_store",
    "default_url",
    "Project",
    "FlowGroup",
    "Flow",
    "Task",
    "Edge",
    "FlowRun",
    "TaskRun",
    "RunState",
    "LogEntry",
    "Page",
    "NewState",
    "NewTaskRun",
    "NewLog",
    "Outcome",
    "new_id",
    "new_ids",
]
