"""Flow runs: creating them, their states, names and heartbeats.

What belongs here: methods of `Client` about flow runs. What does not: task runs (`task_runs`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from prefect_results.backend.client.base import BaseClient
from prefect_results.backend.client.graphql import with_args
from prefect_results.backend.client.records import (
    FlowRunInfoResult,
    ProjectInfo,
    TaskRunInfoResult,
)
from prefect_results.context import context as ambient
from prefect_results.exceptions import ClientError, ObjectNotFoundError
from prefect_results.states import Pending, Queued, State

_INFO = (
    "{ id name flow_id parameters context version scheduled_start_time serialized_state "
    "task_runs(where: { map_index: { _eq: -1 } }) "
    "{ id version serialized_state task { id slug } } "
    "flow { project { id name } } }"
)


def state_of(form: Any) -> State:
    """Return the state of a wire form; Pending if there is none yet."""
    return State.deserialize(form) if form else Pending()


def accepted(answer: Mapping[str, Any], state: State) -> State:
    """Return the state that a run is in after it was set: Queued if it has to wait for room."""
    import pendulum

    if answer.get("status") != "QUEUED":
        return state
    seconds = ambient.config.cloud.queue_interval
    return Queued(
        message=answer.get("message"), start_time=pendulum.now("UTC").add(seconds=seconds)
    )


class FlowRunMethods(BaseClient):
    """Methods about flow runs."""

    def create_flow_run(
        self,
        flow_id: str | None = None,
        context: Mapping[str, Any] | None = None,
        parameters: Mapping[str, Any] | None = None,
        run_config: Any = None,
        labels: Iterable[str] | None = None,
        scheduled_start_time: datetime | None = None,
        idempotency_key: str | None = None,
        run_name: str | None = None,
        version_group_id: str | None = None,
    ) -> str:
        """Schedule a run of a flow and return its id.

        Args:
            flow_id: Id of the flow version.
            context: What the run's context is updated with.
            parameters: Values of the flow's parameters.
            run_config: A run configuration, or its wire form; the flow's by default.
            labels: Labels that an agent must have; those of the flow by default.
            scheduled_start_time: When it should start; now by default.
            idempotency_key: Creating a run with the same key again returns the one there is.
            run_name: What people call it.
            version_group_id: In place of `flow_id`: the newest version of a flow.

        Raises:
            ValueError: Neither a flow nor a version group is given.
            ClientError: The API refuses it.
        """
        if not flow_id and not version_group_id:
            raise ValueError("One of flow_id or version_group_id must be provided")
        form = run_config.serialize() if hasattr(run_config, "serialize") else run_config
        if self._local is not None and flow_id:
            return self._local.create_flow_run(
                flow_id,
                context=context,
                parameters=parameters,
                run_config=form,
                labels=labels,
                scheduled_start_time=scheduled_start_time,
                name=run_name,
                idempotency_key=idempotency_key,
            )
        values: dict[str, Any] = {
            "context": context,
            "parameters": parameters,
            "run_config": form,
            "labels": None if labels is None else list(labels),
            "scheduled_start_time": scheduled_start_time and scheduled_start_time.isoformat(),
            "flow_run_name": run_name,
        }
        values = {name: value for name, value in values.items() if value is not None}
        values["flow_id" if flow_id else "version_group_id"] = flow_id or version_group_id
        # A request that is sent again, because its answer was lost, must not create another run.
        values["idempotency_key"] = idempotency_key or uuid4().hex
        return str(self.mutate("create_flow_run { id }", **values)["id"])

    def get_flow_run_info(self, flow_run_id: str) -> FlowRunInfoResult:
        """Return a flow run with its task runs, children of mapped tasks left out.

        Raises:
            ClientError: There is no such flow run.
        """
        import pendulum

        run = self._flow_run(flow_run_id, _INFO)
        if run is None:
            raise ClientError(f'Flow run ID not found: "{flow_run_id}"')
        start: Any = pendulum.parse(run["scheduled_start_time"])
        return FlowRunInfoResult(
            id=run["id"],
            name=run["name"],
            flow_id=run["flow_id"],
            project=ProjectInfo(**run["flow"]["project"]),
            parameters=run["parameters"] or {},
            context=run["context"] or {},
            version=run["version"],
            scheduled_start_time=start,
            state=state_of(run["serialized_state"]),
            task_runs=[
                TaskRunInfoResult(
                    id=one["id"],
                    task_id=one["task"]["id"],
                    task_slug=one["task"]["slug"],
                    version=one["version"],
                    state=state_of(one["serialized_state"]),
                )
                for one in run["task_runs"]
            ],
        )

    def get_flow_run_state(self, flow_run_id: str) -> State:
        """Return the state of a flow run.

        Raises:
            ObjectNotFoundError: There is no such flow run.
        """
        if self._local is not None:
            known = self._local.runs.flow_run(flow_run_id)
            run = known and {"serialized_state": known.serialized_state}
        else:
            run = self._flow_run(flow_run_id, "{ serialized_state }")
        if not run:
            raise ObjectNotFoundError(f"Flow run {flow_run_id!r} not found.")
        return state_of(run["serialized_state"])

    def _flow_run(self, flow_run_id: str, selection: str) -> Any:
        field = with_args("flow_run_by_pk", {"id": flow_run_id})
        return self.request(f"query {{ {field} {selection} }}")["flow_run_by_pk"]

    def set_flow_run_state(
        self, flow_run_id: str, state: State, version: int | None = None
    ) -> State:
        """Set the state of a flow run and return the state that it is in then.

        Args:
            flow_run_id: Id of the flow run.
            state: The state.
            version: The version that the run must still have; None for any.

        Raises:
            VersionLockMismatchSignal: The run has another version by now.
            ClientError: The API refuses it.
        """
        one = {"flow_run_id": flow_run_id, "state": state.serialize(), "version": version}
        answer = self.mutate("set_flow_run_states { states { id status message } }", states=[one])
        return accepted(answer["states"][0], state)

    def set_flow_run_name(self, flow_run_id: str, name: str) -> bool:
        """Rename a flow run; return whether that was done."""
        if self._local is not None:
            return self._local.runs.set_flow_run_name(flow_run_id, name)
        done = self.mutate("set_flow_run_name { success }", flow_run_id=flow_run_id, name=name)
        return bool(done["success"])

    def cancel_flow_run(self, flow_run_id: str) -> str:
        """Ask a flow run to end; return the name of its state's type afterwards."""
        if self._local is not None:
            return self._local.runs.cancel_flow_run(flow_run_id)
        return str(self.mutate("cancel_flow_run { state }", flow_run_id=flow_run_id)["state"])

    def update_flow_run_heartbeat(self, flow_run_id: str) -> None:
        """Tell that the process of a flow run is alive."""
        field = with_args("update_flow_run_heartbeat", {"input": {"flow_run_id": flow_run_id}})
        self.graphql(
            f"mutation {{ {field} {{ success }} }}",
            headers={"X-PREFECT-HEARTBEAT-ID": flow_run_id},
        )
