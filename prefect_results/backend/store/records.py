"""What a run store hands out and takes in: frozen records.

What belongs here: the fields of each record. What does not: reading or writing them (`port`).
Fields that repeat a column of the store have its name and meaning. Moments are timezone-aware and
in UTC, ids are UUIDs as text, documents (states, parameters ...) are JSON as it was given.
What is read by the page has no slots: such a frozen record takes a fifth of the time to make.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Generic, TypeVar

import attrs

Json = Any
"""A JSON document: dict, list, str, int, float, bool or None."""

T = TypeVar("T")


@attrs.frozen(slots=False)
class Project:
    """A named group of flows."""

    id: str
    name: str
    description: str | None
    tenant_id: str
    created: datetime
    updated: datetime


@attrs.frozen(slots=False)
class FlowGroup:
    """What all versions of a flow have in common; `name` is their `version_group_id`."""

    id: str
    name: str
    labels: list[str] | None
    settings: dict[str, Json] | None
    schedule: Json
    default_parameters: Json
    run_config: Json
    created: datetime
    updated: datetime


@attrs.frozen(slots=False)
class Flow:
    """One registered version of a flow; `version` counts from 1 within its `flow_group_id`."""

    id: str
    name: str
    project_id: str
    flow_group_id: str
    version: int
    version_group_id: str
    archived: bool
    core_version: str | None
    description: str | None
    idempotency_key: str | None
    environment: Json
    storage: Json
    run_config: Json
    parameters: Json
    settings: dict[str, Json]
    schedule: Json
    is_schedule_active: bool
    serialized_flow: dict[str, Json]
    created: datetime
    updated: datetime


@attrs.frozen(slots=False)
class Task:
    """A task of one flow version; `slug` is unique in it, `retry_delay` is in seconds."""

    id: str
    flow_id: str
    name: str | None
    slug: str
    description: str | None
    type: str | None
    max_retries: int | None
    retry_delay: float | None
    trigger: str | None
    tags: list[str] | None
    cache_key: str | None
    mapped: bool
    auto_generated: bool
    is_reference_task: bool
    is_root_task: bool
    is_terminal_task: bool
    created: datetime
    updated: datetime


@attrs.frozen(slots=False)
class Edge:
    """An edge between two tasks of one flow version."""

    id: str
    flow_id: str
    upstream_task_id: str
    downstream_task_id: str
    key: str | None
    mapped: bool
    flattened: bool


@attrs.frozen(slots=False)
class _Run:
    id: str
    name: str | None
    version: int
    """How many states were set; what `NewState.expected_version` is compared with."""
    state_id: str | None
    state: str | None
    """The type of the current state, such as `Success`."""
    state_timestamp: datetime | None
    state_message: str | None
    state_start_time: datetime | None
    """When a scheduled state wants to start."""
    serialized_state: dict[str, Json] | None
    """The current state in its wire form."""
    start_time: datetime | None
    """When it was first Running."""
    end_time: datetime | None
    """When it finished; None while it is not finished."""
    heartbeat: datetime | None
    created: datetime
    updated: datetime


@attrs.frozen(slots=False)
class FlowRun(_Run):
    """A run of one flow version, with its current state."""

    flow_id: str
    idempotency_key: str | None
    labels: list[str]
    parameters: dict[str, Json]
    context: dict[str, Json]
    run_config: Json
    scheduled_start_time: datetime | None
    auto_scheduled: bool
    times_resurrected: int


@attrs.frozen(slots=False)
class TaskRun(_Run):
    """A run of a task (`map_index` -1) or of one child of a mapped task (0 and up)."""

    flow_run_id: str
    task_id: str
    task_slug: str
    map_index: int
    cache_key: str | None


@attrs.frozen(slots=False)
class RunState:
    """One state that a run was in; `version` is the run's version with this state."""

    id: str
    run_id: str
    version: int
    timestamp: datetime
    state: str
    message: str | None
    start_time: datetime | None
    serialized_state: dict[str, Json]
    created: datetime


@attrs.frozen(slots=False)
class LogEntry:
    """One line of a run's log; `level` is the name of a logging level."""

    id: str
    flow_run_id: str
    task_run_id: str | None
    timestamp: datetime
    level: str
    name: str | None
    message: str | None
    info: Json
    created: datetime


@attrs.frozen
class Page(Generic[T]):
    """Some items in order, and where the next ones start.

    Attributes:
        items: The items of this page.
        next: What to pass as `after` for the next page; None on the last.
    """

    items: tuple[T, ...]
    next: str | None = None


@attrs.frozen
class NewState:
    """A state to set on a run.

    Attributes:
        run_id: The flow run or task run that changes.
        state: The state in its wire form, as `State.serialize()` makes it.
        expected_version: The version that the run must still have, or None to set the state
            whatever the version is. Several states of one run in one call follow each other: each
            counts the version up by one, and only what the first expects is compared with what is
            stored.
        timestamp: When the run entered the state, timezone-aware; by default now.
    """

    run_id: str
    state: Mapping[str, Json]
    expected_version: int | None = None
    timestamp: datetime | None = None


@attrs.frozen
class NewTaskRun:
    """A task run to create.

    Attributes:
        task_id: The task of the flow version that runs.
        map_index: -1 for a task as such, 0 and up for the children of a mapped one.
        id: The id it gets, from `new_id()`; made by the store by default.
        name: What people call it.
        states: The states that it had already, in order, each as `(wire form, moment)`; its version
            is their number. By default it starts with version 0 and no state.
    """

    task_id: str
    map_index: int = -1
    id: str | None = None
    name: str | None = None
    states: tuple[tuple[Mapping[str, Json], datetime], ...] = ()


@attrs.frozen
class NewLog:
    """A line to add to the log of a flow run, and of a task run when one is named.

    Attributes:
        flow_run_id: The flow run that wrote it.
        message: The formatted message.
        level: Name of a logging level.
        name: Name of the logger.
        task_run_id: The task run that wrote it, if one did.
        timestamp: When, timezone-aware; by default now.
        info: Anything else about it, as JSON.
    """

    flow_run_id: str
    message: str
    level: str = "INFO"
    name: str | None = None
    task_run_id: str | None = None
    timestamp: datetime | None = None
    info: Json = None


@attrs.frozen
class Outcome:
    """What became of one `NewState`.

    Attributes:
        run_id: The run it was for.
        applied: Whether the state was set; False when another writer had been there first.
        version: The run's version now.
        state_id: Id of the state that was set; None when it was not.
    """

    run_id: str
    applied: bool
    version: int
    state_id: str | None = None
