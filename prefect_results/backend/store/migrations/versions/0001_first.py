"""The first tables.

Complete in itself: what the package's `schema` says later must not change what this once made.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ID = sa.Uuid(as_uuid=False).with_variant(sa.String(36), "sqlite")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.String(32), "sqlite")
TEXT = sa.Text()
INTEGER = sa.Integer()
FLOAT = sa.Float()

DEFAULT_TENANT_ID = "00000000-0000-4000-8000-000000000001"

CURRENT_STATE = (
    ("version!", INTEGER),
    ("state_id", ID),
    ("state", TEXT),
    ("state_timestamp", MOMENT),
    ("state_message", TEXT),
    ("state_start_time", MOMENT),
    ("serialized_state", TEXT),
    ("start_time", MOMENT),
    ("end_time", MOMENT),
    ("heartbeat", MOMENT),
)
PAST_STATE = (
    ("version!", INTEGER),
    ("created!", MOMENT),
    ("timestamp!", MOMENT),
    ("state!", TEXT),
    ("message", TEXT),
    ("start_time", MOMENT),
    ("serialized_state!", TEXT),
)
DATED = (("created!", MOMENT), ("updated!", MOMENT))


def _texts(*names: str) -> tuple[tuple[str, Any], ...]:
    return tuple((name, TEXT) for name in names)


def _reference(column: str, table: str = "") -> tuple[str, Any, str]:
    return (column, ID, table or column.rstrip("!").removesuffix("_id"))


def _flag(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.text("false"))


def _table(
    name: str,
    *columns: Any,
    unique: Sequence[str] = (),
    indexes: Sequence[Sequence[str]] = (),
) -> sa.Table:
    """Create a table; a name that ends in `!` is NOT NULL, a third item names what it refers to."""
    items: list[Any] = [sa.Column("id", ID, nullable=False)]
    constraints: list[Any] = [sa.PrimaryKeyConstraint("id", name=f"pk_{name}")]
    for column in columns:
        if isinstance(column, sa.Column):
            items.append(column)
            continue
        field, kind, *target = column
        bare = field.rstrip("!")
        items.append(sa.Column(bare, kind, nullable=bare == field))
        if target:
            constraints.append(
                sa.ForeignKeyConstraint(
                    [bare], [f"{target[0]}.id"], name=f"fk_{name}_{bare}", ondelete="CASCADE"
                )
            )
    if unique:
        constraints.append(sa.UniqueConstraint(*unique, name=f"uq_{name}_{'_'.join(unique)}"))
    table = op.create_table(name, *items, *constraints)
    for fields in indexes:
        op.create_index(f"ix_{name}_{'_'.join(fields)}", name, list(fields))
    return table


def _partial_index(name: str, table: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)


def upgrade() -> None:
    """Create everything."""
    _owners()
    _flows()
    _flow_runs()
    _task_runs()


def _owners() -> None:
    tenant = _table("tenant", *DATED, *_texts("name!", "slug!"), unique=["slug"])
    moment: Any = datetime.now(timezone.utc)
    if op.get_bind().dialect.name == "sqlite":
        moment = moment.isoformat(timespec="microseconds")
    op.bulk_insert(
        tenant,
        [
            {
                "id": DEFAULT_TENANT_ID,
                "created": moment,
                "updated": moment,
                "name": "default",
                "slug": "default",
            }
        ],
    )
    _table(
        "project",
        *DATED,
        _reference("tenant_id!"),
        *_texts("name!", "description"),
        unique=["tenant_id", "name"],
        indexes=[["tenant_id"]],
    )
    _table(
        "agent",
        *DATED,
        _reference("tenant_id!"),
        *_texts("type!", "name", "labels", "core_version"),
        ("last_queried", MOMENT),
        indexes=[["tenant_id"]],
    )
    _table("key_value", *DATED, *_texts("key!", "value"), unique=["key"])


def _flows() -> None:
    _table(
        "flow_group",
        *DATED,
        _reference("tenant_id!"),
        *_texts("name!", "description", "settings", "labels", "default_parameters"),
        *_texts("run_config", "schedule"),
        unique=["tenant_id", "name"],
        indexes=[["tenant_id"]],
    )
    _table(
        "flow",
        *DATED,
        _reference("project_id!"),
        _reference("flow_group_id!"),
        ("name!", TEXT),
        ("version!", INTEGER),
        ("version_group_id!", TEXT),
        _flag("archived"),
        *_texts("core_version", "description", "idempotency_key", "environment", "storage"),
        *_texts("run_config", "parameters", "settings", "schedule"),
        _flag("is_schedule_active"),
        ("serialized_flow", TEXT),
        unique=["flow_group_id", "version"],
        indexes=[["project_id"], ["name", "project_id"]],
    )
    _table(
        "task",
        *DATED,
        _reference("flow_id!"),
        *_texts("name", "slug!", "description", "type"),
        ("max_retries", INTEGER),
        ("retry_delay", FLOAT),
        *_texts("trigger", "tags", "cache_key"),
        *map(_flag, ["mapped", "auto_generated"]),
        *map(_flag, ["is_reference_task", "is_root_task", "is_terminal_task"]),
        unique=["flow_id", "slug"],
        indexes=[["slug"]],
    )
    _table(
        "edge",
        *DATED,
        _reference("flow_id!"),
        _reference("upstream_task_id!", "task"),
        _reference("downstream_task_id!", "task"),
        ("key", TEXT),
        *map(_flag, ["mapped", "flattened"]),
        indexes=[["flow_id"], ["upstream_task_id"], ["downstream_task_id"]],
    )


def _flow_runs() -> None:
    _table(
        "flow_run",
        *DATED,
        _reference("flow_id!"),
        *_texts("name", "idempotency_key", "labels", "parameters", "context", "run_config"),
        ("scheduled_start_time", MOMENT),
        _flag("auto_scheduled"),
        *CURRENT_STATE,
        sa.Column("times_resurrected", INTEGER, nullable=False, server_default=sa.text("0")),
        unique=["flow_id", "idempotency_key"],
        indexes=[["state", "state_start_time"]],
    )
    _table(
        "flow_run_state",
        _reference("flow_run_id!"),
        *PAST_STATE,
        unique=["flow_run_id", "version"],
    )


def _task_runs() -> None:
    _table(
        "task_run",
        *DATED,
        _reference("flow_run_id!"),
        _reference("task_id!"),
        ("map_index!", INTEGER),
        *_texts("name", "cache_key"),
        *CURRENT_STATE,
        unique=["flow_run_id", "task_id", "map_index"],
        indexes=[["task_id"]],
    )
    cached = "state = 'Cached'"
    _partial_index("ix_task_run_cached_task", "task_run", ["task_id", "state_timestamp"], cached)
    _partial_index("ix_task_run_cached_key", "task_run", ["cache_key", "state_timestamp"], cached)
    due = "state_start_time IS NOT NULL"
    _partial_index("ix_task_run_due", "task_run", ["flow_run_id", "state_start_time"], due)
    _table(
        "task_run_state",
        _reference("task_run_id!"),
        *PAST_STATE,
        unique=["task_run_id", "version"],
    )
    _table(
        "log",
        ("created!", MOMENT),
        _reference("flow_run_id!"),
        _reference("task_run_id"),
        ("timestamp!", MOMENT),
        *_texts("level!", "name", "message", "info"),
        indexes=[["flow_run_id", "timestamp", "id"], ["task_run_id"]],
    )
    _table(
        "task_run_artifact",
        *DATED,
        _reference("task_run_id!"),
        *_texts("kind!", "data"),
        indexes=[["task_run_id"]],
    )
