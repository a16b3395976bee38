"""Writing logs."""

from __future__ import annotations

from typing import Any

from prefect_results.backend.store import NewLog
from prefect_results.server.errors import RequestRefused
from prefect_results.server.operations.registry import Caller, mutation


@mutation({"logs": "[run_log_input!]!"}, output={"success": "Boolean"})
def write_run_logs(caller: Caller, logs: list[dict[str, Any]]) -> dict[str, bool]:
    """Add lines to the logs of runs, all or none."""
    caller.store.write_logs([_line(caller, item) for item in logs])
    return {"success": True}


def _line(caller: Caller, item: dict[str, Any]) -> NewLog:
    task_run_id = item.get("task_run_id")
    flow_run_id = item.get("flow_run_id")
    if flow_run_id is None:
        if task_run_id is None:
            raise RequestRefused("A line of a log needs a flow_run_id or a task_run_id.")
        flow_run_id = caller.store.get_task_run(task_run_id).flow_run_id
    return NewLog(
        flow_run_id,
        item.get("message") or "",
        level=item.get("level") or "INFO",
        name=item.get("name"),
        task_run_id=task_run_id,
        timestamp=item.get("timestamp"),
        info=item.get("info"),
    )
