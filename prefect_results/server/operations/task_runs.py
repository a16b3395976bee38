"""Finding or creating task runs, and setting their states."""

from __future__ import annotations

from typing import Any

from prefect_results.server.operations.registry import Caller, mutation, query
from prefect_results.server.operations.states import set_states

_SUCCESS = {"success": "Boolean"}
_INFO = {
    "id": "UUID",
    "flow_run_id": "UUID",
    "task_id": "UUID",
    "map_index": "Int",
    "version": "Int",
    "state": "String",
    "serialized_state": "JSON",
}
_RUN_OF_TASK = {"flow_run_id": "UUID!", "task_id": "UUID!", "map_index": "Int"}


@query({"task_run_id": "UUID!"}, output=_INFO)
def get_task_run_info(caller: Caller, task_run_id: str) -> dict[str, Any]:
    """Return the version and the state of a task run."""
    return _told(caller.store.get_task_run(task_run_id))


@mutation(_RUN_OF_TASK, output=_INFO)
def get_or_create_task_run_info(
    caller: Caller, flow_run_id: str, task_id: str, map_index: int | None = None
) -> dict[str, Any]:
    """Return the run of a task, or of one child of a mapped one; create it if need be."""
    index = -1 if map_index is None else map_index
    return _told(caller.store.get_or_create_task_run(flow_run_id, task_id=task_id, map_index=index))


@mutation(_RUN_OF_TASK, output={"id": "UUID"})
def get_or_create_task_run(caller: Caller, **wanted: Any) -> dict[str, Any]:
    """Do the same as `get_or_create_task_run_info` for clients before 0.13."""
    return get_or_create_task_run_info(caller, **wanted)


def _told(run: Any) -> dict[str, Any]:
    return {name: getattr(run, name) for name in _INFO}


@mutation({"states": "[task_run_state_input!]!"}, output={"states": "[set_state_result!]!"})
def set_task_run_states(caller: Caller, states: list[dict[str, Any]]) -> dict[str, Any]:
    """Set states on task runs, all or none; a version that differs is a version locking error."""
    return set_states(states, "task_run_id", caller.store.set_task_run_states)


@mutation({"task_run_id": "UUID!", "name": "String!"}, output=_SUCCESS)
def set_task_run_name(caller: Caller, task_run_id: str, name: str) -> dict[str, bool]:
    """Rename a task run."""
    caller.store.set_task_run_name(task_run_id, name)
    return {"success": True}


@mutation({"task_run_id": "UUID!"}, output=_SUCCESS)
def update_task_run_heartbeat(caller: Caller, task_run_id: str) -> dict[str, bool]:
    """Note for clients before 0.14 that the process of a task run is alive."""
    caller.store.beat(caller.store.get_task_run(task_run_id).flow_run_id)
    return {"success": True}
