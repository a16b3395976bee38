"""Recorded runs, wherever they are: one port, over a run store or over an API.

What belongs here: what views and composing tasks ask for and change. What does not: what they make
of it (`views`, `tasks`), SQL (`store`) and HTTP (`client`).
"""

from prefect_results.backend.access.opening import Source, open_access
from prefect_results.backend.access.port import RunAccess
from prefect_results.backend.access.records import (
    AgentData,
    FlowData,
    FlowRunData,
    LogData,
    StateData,
    TaskRunData,
    TenantData,
)
from prefect_results.backend.access.stored import StoredRuns

__all__ = [
    "RunAccess",
    "StoredRuns",
    "Source",
    "open_access",
    "FlowData",
    "FlowRunData",
    "TaskRunData",
    "StateData",
    "LogData",
    "AgentData",
    "TenantData",
]
