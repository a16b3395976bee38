"""Artifacts of task runs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, insert, update

from prefect_results.backend.store import new_id
from prefect_results.backend.store.schema import task_run_artifact
from prefect_results.backend.store.sql.rows import now
from prefect_results.exceptions import RecordNotFound
from prefect_results.server.operations.registry import Caller, mutation

_SUCCESS = {"success": "Boolean"}


@mutation(
    {"task_run_id": "UUID!", "kind": "String!", "data": "JSON!", "tenant_id": "UUID"},
    output={"id": "UUID"},
)
def create_task_run_artifact(
    caller: Caller, task_run_id: str, kind: str, data: Any, **_: Any
) -> dict[str, str]:
    """Keep something to show beside a task run, such as a link or Markdown."""
    caller.store.get_task_run(task_run_id)
    moment = now()
    values = {
        "id": new_id(),
        "created": moment,
        "updated": moment,
        "task_run_id": task_run_id,
        "kind": kind,
        "data": data,
    }

    def write(connection: Connection) -> None:
        connection.execute(insert(task_run_artifact).values(values))

    caller.store.database.run(write)
    return {"id": str(values["id"])}


@mutation({"task_run_artifact_id": "UUID!", "data": "JSON!"}, output=_SUCCESS)
def update_task_run_artifact(
    caller: Caller, task_run_artifact_id: str, data: Any
) -> dict[str, bool]:
    """Put other data in the place of an artifact's."""
    mine = task_run_artifact.c.id == task_run_artifact_id
    statement = update(task_run_artifact).where(mine).values(data=data, updated=now())
    return _changed(caller, task_run_artifact_id, statement)


@mutation({"task_run_artifact_id": "UUID!"}, output=_SUCCESS)
def delete_task_run_artifact(caller: Caller, task_run_artifact_id: str) -> dict[str, bool]:
    """Delete an artifact."""
    mine = task_run_artifact.c.id == task_run_artifact_id
    return _changed(caller, task_run_artifact_id, delete(task_run_artifact).where(mine))


def _changed(caller: Caller, artifact_id: str, statement: Any) -> dict[str, bool]:
    def write(connection: Connection) -> int:
        return connection.execute(statement).rowcount

    if caller.store.database.run(write) == 0:
        raise RecordNotFound(f"the run store has no artifact {artifact_id!r}")
    return {"success": True}
