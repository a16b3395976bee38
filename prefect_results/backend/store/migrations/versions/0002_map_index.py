"""An index for pages of a flow run's task runs in the order of their map indexes."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the index."""
    op.create_index("ix_task_run_flow_run_id_map_index", "task_run", ["flow_run_id", "map_index"])
