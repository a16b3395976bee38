"""What an access hands out: frozen records with the fields that views show.

What belongs here: fields that both a run store and the API of Prefect Server have. Moments are
timezone-aware; states are in their wire form, None where there is none yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import attrs

Json = Any
"""A JSON document: dict, list, str, int, float, bool or None."""


@attrs.frozen(kw_only=True)
class FlowData:
    """One registered version of a flow."""

    id: str
    name: str
    flow_group_id: str
    project_name: str | None
    version: int
    archived: bool
    core_version: str | None
    settings: Json
    run_config: Json
    storage: Json
    serialized_flow: Json
    group_labels: Sequence[str] | None


@attrs.frozen(kw_only=True)
class StateData:
    """One state that a run was in."""

    timestamp: datetime
    serialized_state: Json


@attrs.frozen(kw_only=True)
class FlowRunData:
    """A flow run with the states that it was in."""

    id: str
    name: str | None
    flow_id: str
    version: int
    labels: Sequence[str]
    parameters: Json
    context: Json
    run_config: Json
    updated: datetime
    serialized_state: Json
    states: tuple[StateData, ...]


@attrs.frozen(kw_only=True)
class TaskRunData:
    """A run of a task (`map_index` -1) or of one child of a mapped task (0 and up)."""

    id: str
    name: str | None
    flow_run_id: str
    task_id: str
    task_slug: str
    map_index: int
    serialized_state: Json


@attrs.frozen(kw_only=True)
class LogData:
    """One line of a flow run's log; `level` is the name of a logging level."""

    timestamp: datetime
    level: str
    message: str | None


@attrs.frozen(kw_only=True)
class TenantData:
    """Whom flows and runs belong to."""

    id: str
    name: str
    slug: str


@attrs.frozen(kw_only=True)
class AgentData:
    """An agent, and when it last asked for work."""

    id: str
    name: str | None
    labels: Sequence[str]
    last_queried: datetime | None
