"""The tables, with the names that the GraphQL API of Prefect 1.4.1 shows for them.

What belongs here: tables, columns, keys and indexes. What does not: statements (`sql`) and how a
table came to be what it is (`migrations`; a test keeps both equal). `flow_run.state`,
`state_message`, `serialized_state` and their like repeat the newest row of `flow_run_state`, as in
Prefect Server, so that a list of runs needs no join; the same holds for `task_run`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    UniqueConstraint,
    text,
)

from prefect_results.backend.store.types import Document, Identifier, Moment, Words

REVISION = "0002"
"""The migration that these tables correspond to."""

DEFAULT_TENANT_ID = "00000000-0000-4000-8000-000000000001"
"""The one tenant of a store; there is no other."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> Column[str]:
    return Column("id", Identifier, primary_key=True)


def _created() -> Column[Any]:
    return Column("created", Moment, nullable=False)


def _updated() -> Column[Any]:
    return Column("updated", Moment, nullable=False)


def _of(target: str, *, index: bool = True, nullable: bool = False) -> Column[str]:
    return Column(
        f"{target}_id",
        Identifier,
        ForeignKey(f"{target}.id", ondelete="CASCADE"),
        nullable=nullable,
        index=index,
    )


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False, server_default=text("false"))


def _current_state() -> list[Column[Any]]:
    return [
        Column("version", Integer, nullable=False),
        Column("state_id", Identifier),
        Column("state", Words),
        Column("state_timestamp", Moment),
        Column("state_message", Words),
        Column("state_start_time", Moment),
        Column("serialized_state", Document),
        Column("start_time", Moment),
        Column("end_time", Moment),
        Column("heartbeat", Moment),
    ]


def _past_state(run: str) -> list[Any]:
    return [
        _id(),
        _of(run, index=False),
        Column("version", Integer, nullable=False),
        _created(),
        Column("timestamp", Moment, nullable=False),
        Column("state", Words, nullable=False),
        Column("message", Words),
        Column("start_time", Moment),
        Column("serialized_state", Document, nullable=False),
        UniqueConstraint(f"{run}_id", "version"),
    ]


tenant = Table(
    "tenant",
    metadata,
    _id(),
    _created(),
    _updated(),
    Column("name", Words, nullable=False),
    Column("slug", Words, nullable=False, unique=True),
)

project = Table(
    "project",
    metadata,
    _id(),
    _created(),
    _updated(),
    _of("tenant"),
    Column("name", Words, nullable=False),
    Column("description", Words),
    UniqueConstraint("tenant_id", "name"),
)

flow_group = Table(
    "flow_group",
    metadata,
    _id(),
    _created(),
    _updated(),
    _of("tenant"),
    Column("name", Words, nullable=False),
    Column("description", Words),
    Column("settings", Document),
    Column("labels", Document),
    Column("default_parameters", Document),
    Column("run_config", Document),
    Column("schedule", Document),
    UniqueConstraint("tenant_id", "name"),
)

flow = Table(
    "flow",
    metadata,
    _id(),
    _created(),
    _updated(),
    _of("project"),
    _of("flow_group", index=False),
    Column("name", Words, nullable=False),
    Column("version", Integer, nullable=False),
    Column("version_group_id", Words, nullable=False),
    _flag("archived"),
    Column("core_version", Words),
    Column("description", Words),
    Column("idempotency_key", Words),
    Column("environment", Document),
    Column("storage", Document),
    Column("run_config", Document),
    Column("parameters", Document),
    Column("settings", Document),
    Column("schedule", Document),
    _flag("is_schedule_active"),
    Column("serialized_flow", Document),
    UniqueConstraint("flow_group_id", "version"),
    Index("ix_flow_name_project_id", "name", "project_id"),
)

task = Table(
    "task",
    metadata,
    _id(),
    _created(),
    _updated(),
    _of("flow", index=False),
    Column("name", Words),
    Column("slug", Words, nullable=False, index=True),
    Column("description", Words),
    Column("type", Words),
    Column("max_retries", Integer),
    Column("retry_delay", Float),
    Column("trigger", Words),
    Column("tags", Document),
    Column("cache_key", Words),
    _flag("mapped"),
    _flag("auto_generated"),
    _flag("is_reference_task"),
    _flag("is_root_task"),
    _flag("is_terminal_task"),
    UniqueConstraint("flow_id", "slug"),
)


def _task_end(name: str) -> Column[str]:
    return Column(
        name, Identifier, ForeignKey("task.id", ondelete="CASCADE"), nullable=False, index=True
    )


edge = Table(
    "edge",
    metadata,
    _id(),
    _created(),
    _updated(),
    _of("flow"),
    _task_end("upstream_task_id"),
    _task_end("downstream_task_id"),
    Column("key", Words),
    _flag("mapped"),
    _flag("flattened"),
)

flow_run = Table(
    "flow_run",
    metadata,
    _id(),
    _created(),
    _updated(),
    _of("flow", index=False),
    Column("name", Words),
    Column("idempotency_key", Words),
    Column("labels", Document),
    Column("parameters", Document),
    Column("context", Document),
    Column("run_config", Document),
    Column("scheduled_start_time", Moment),
    _flag("auto_scheduled"),
    *_current_state(),
    Column("times_resurrected", Integer, nullable=False, server_default=text("0")),
    UniqueConstraint("flow_id", "idempotency_key"),
    Index("ix_flow_run_state_state_start_time", "state", "state_start_time"),
)

flow_run_state = Table("flow_run_state", metadata, *_past_state("flow_run"))

task_run = Table(
    "task_run",
    metadata,
    _id(),
    _created(),
    _updated(),
    _of("flow_run", index=False),
    _of("task"),
    Column("map_index", Integer, nullable=False),
    Column("name", Words),
    Column("cache_key", Words),
    *_current_state(),
    UniqueConstraint("flow_run_id", "task_id", "map_index"),
    # For pages of a run's task runs in the order of their map indexes, whatever the task.
    Index("ix_task_run_flow_run_id_map_index", "flow_run_id", "map_index"),
)


def _partial(name: str, condition: str, *columns: Column[Any]) -> Index:
    """Define an index that costs nothing to the rows it leaves out."""
    where = text(condition)
    return Index(name, *columns, sqlite_where=where, postgresql_where=where)


_columns = task_run.c
_partial("ix_task_run_cached_task", "state = 'Cached'", _columns.task_id, _columns.state_timestamp)
_partial("ix_task_run_cached_key", "state = 'Cached'", _columns.cache_key, _columns.state_timestamp)
_partial(
    "ix_task_run_due",
    "state_start_time IS NOT NULL",
    *(_columns.flow_run_id, _columns.state_start_time),
)

task_run_state = Table("task_run_state", metadata, *_past_state("task_run"))

log = Table(
    "log",
    metadata,
    _id(),
    _created(),
    _of("flow_run", index=False),
    _of("task_run", nullable=True),
    Column("timestamp", Moment, nullable=False),
    Column("level", Words, nullable=False),
    Column("name", Words),
    Column("message", Words),
    Column("info", Document),
    Index("ix_log_flow_run_id_timestamp_id", "flow_run_id", "timestamp", "id"),
)

key_value = Table(
    "key_value",
    metadata,
    _id(),
    _created(),
    _updated(),
    Column("key", Words, nullable=False, unique=True),
    Column("value", Document),
)

agent = Table(
    "agent",
    metadata,
    _id(),
    _created(),
    _updated(),
    _of("tenant"),
    Column("type", Words, nullable=False),
    Column("name", Words),
    Column("labels", Document),
    Column("core_version", Words),
    Column("last_queried", Moment),
)

task_run_artifact = Table(
    "task_run_artifact",
    metadata,
    _id(),
    _created(),
    _updated(),
    _of("task_run"),
    Column("kind", Words, nullable=False),
    Column("data", Document),
)
