"""Creating flow runs, setting their states, and which of them an agent may start."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from prefect_results.backend.parameters import complaint
from prefect_results.server.errors import RequestRefused
from prefect_results.server.operations import agents
from prefect_results.server.operations.registry import Caller, mutation
from prefect_results.server.operations.states import set_states

_SUCCESS = {"success": "Boolean"}


@mutation(
    {
        "flow_id": "UUID",
        "version_group_id": "String",
        "flow_run_name": "String",
        "parameters": "JSON",
        "context": "JSON",
        "labels": "[String!]",
        "run_config": "JSON",
        "scheduled_start_time": "DateTime",
        "idempotency_key": "String",
    },
    output={"id": "UUID"},
)
def create_flow_run(
    caller: Caller,
    flow_id: str | None = None,
    version_group_id: str | None = None,
    flow_run_name: str | None = None,
    parameters: dict[str, Any] | None = None,
    context: dict[str, Any] | None = None,
    labels: list[str] | None = None,
    run_config: Any = None,
    scheduled_start_time: datetime | None = None,
    idempotency_key: str | None = None,
) -> dict[str, str]:
    """Schedule a run of a flow, or of the unarchived version of a flow group."""
    store = caller.store
    with store.transaction():
        flow = store.get_flow(flow_id or _current(caller, version_group_id))
        if flow.archived:
            raise RequestRefused(f"Flow {flow.id} is archived")
        group = store.get_flow_group(flow.flow_group_id)
        if wrong := complaint(flow.parameters, parameters, group.default_parameters):
            raise RequestRefused(f"{wrong}")
        run = store.create_flow_run(
            flow.id,
            name=flow_run_name,
            parameters=parameters,
            context=context,
            labels=labels,
            run_config=run_config,
            scheduled_start_time=scheduled_start_time,
            idempotency_key=idempotency_key,
            task_runs=True,
        )
    return {"id": run.id}


def _current(caller: Caller, version_group_id: str | None) -> str:
    if not version_group_id:
        raise RequestRefused("One of flow_id or version_group_id must be provided.")
    for flow in caller.store.list_flows(archived=False):
        if flow.version_group_id == version_group_id:
            return flow.id
    raise RequestRefused(
        f"Version group {version_group_id!r} has no unarchived flows.", code="NOT_FOUND"
    )


@mutation({"states": "[flow_run_state_input!]!"}, output={"states": "[set_state_result!]!"})
def set_flow_run_states(caller: Caller, states: list[dict[str, Any]]) -> dict[str, Any]:
    """Set states on flow runs, all or none; a version that differs is a version locking error."""
    return set_states(states, "flow_run_id", caller.store.set_flow_run_states)


@mutation({"flow_run_id": "UUID!"}, output={"state": "String"})
def cancel_flow_run(caller: Caller, flow_run_id: str) -> dict[str, str]:
    """Ask the process of a flow run to stop, or cancel a run that has none."""
    with caller.store.transaction():
        run = caller.store.get_flow_run(flow_run_id)
        if run.end_time is not None:
            return {"state": run.state or "Cancelled"}
        name = "Cancelling" if run.state in ("Running", "Submitted") else "Cancelled"
        state: dict[str, Any] = {
            "type": name,
            "message": "Flow run is cancelled" if name == "Cancelled" else "Flow run is cancelling",
            "context": {},
            "cached_inputs": {},
            "_result": {"type": "NoResultType"},
        }
        given = [{"flow_run_id": run.id, "state": state, "version": run.version}]
        set_states(given, "flow_run_id", caller.store.set_flow_run_states)
    return {"state": name}


@mutation({"flow_run_id": "UUID!", "name": "String!"}, output=_SUCCESS)
def set_flow_run_name(caller: Caller, flow_run_id: str, name: str) -> dict[str, bool]:
    """Rename a flow run."""
    caller.store.set_flow_run_name(flow_run_id, name)
    return {"success": True}


@mutation({"flow_run_id": "UUID!"}, output=_SUCCESS)
def update_flow_run_heartbeat(caller: Caller, flow_run_id: str) -> dict[str, bool]:
    """Note that the process of a flow run is alive."""
    caller.store.beat(flow_run_id)
    return {"success": True}


@mutation({"flow_run_id": "UUID!"}, output=_SUCCESS)
def delete_flow_run(caller: Caller, flow_run_id: str) -> dict[str, bool]:
    """Delete a flow run with its task runs, states and logs."""
    caller.store.delete_flow_run(flow_run_id)
    return {"success": True}


@mutation(
    {"before": "DateTime", "labels": "[String!]", "tenant_id": "UUID"},
    output={"flow_run_ids": "[UUID!]"},
)
def get_runs_in_queue(
    caller: Caller, before: datetime | None = None, labels: list[str] | None = None, **_: Any
) -> dict[str, list[str]]:
    """Return the flow runs that an agent with these labels may start."""
    moment = agents.note_query(caller)
    ready = caller.store.ready_flow_runs(before=before or moment, labels=labels or ())
    return {"flow_run_ids": ready}
