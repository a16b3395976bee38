"""What a client returns of runs: named tuples, those of Prefect 1.4.1."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from prefect_results.states import State


class TaskRunInfoResult(NamedTuple):
    """A task run, and the version that its next state must expect."""

    id: str
    task_id: str
    task_slug: str
    version: int
    state: State


class ProjectInfo(NamedTuple):
    """A project."""

    id: str
    name: str


class FlowRunInfoResult(NamedTuple):
    """A flow run with its task runs, children of mapped tasks left out."""

    id: str
    name: str
    flow_id: str
    project: ProjectInfo
    parameters: dict[str, Any]
    context: dict[str, Any]
    version: int
    scheduled_start_time: datetime
    state: State
    task_runs: list[TaskRunInfoResult]
