"""Task runs: finding them, their states and names, and what is shown beside them.

What belongs here: methods of `Client` about task runs. What does not: flow runs (`flow_runs`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from prefect_results.backend.client.base import BaseClient
from prefect_results.backend.client.flow_runs import accepted, state_of
from prefect_results.backend.client.graphql import EnumValue, with_args
from prefect_results.backend.client.records import TaskRunInfoResult
from prefect_results.states import State

_NO_ARTIFACT = "The ID of an existing task run artifact must be provided."


class TaskRunMethods(BaseClient):
    """Methods about task runs."""

    def get_task_run_info(
        self, flow_run_id: str, task_id: str, map_index: int | None = None
    ) -> TaskRunInfoResult:
        """Return the run of a task in a flow run, which is created if need be.

        Args:
            flow_run_id: Id of the flow run.
            task_id: Id of the task.
            map_index: Which child of a mapped task; None for the task itself.
        """
        index = -1 if map_index is None else map_index
        given = {"flow_run_id": flow_run_id, "task_id": task_id, "map_index": index}
        field = with_args("get_or_create_task_run_info", {"input": given})
        found = self.request(f"mutation {{ {field} {{ id version serialized_state }} }}")
        run = found["get_or_create_task_run_info"]
        state = state_of(run["serialized_state"])
        return TaskRunInfoResult(run["id"], task_id, "", run["version"], state)

    def get_task_run_state(self, task_run_id: str) -> State:
        """Return the state of a task run."""
        field = with_args("get_task_run_info", {"task_run_id": task_run_id})
        found = self.request(f"query {{ {field} {{ serialized_state }} }}")
        return state_of(found["get_task_run_info"]["serialized_state"])

    def set_task_run_state(
        self,
        task_run_id: str,
        state: State,
        version: int | None = None,
        cache_for: timedelta | None = None,
    ) -> State:
        """Set the state of a task run and return the state that it is in then.

        Args:
            task_run_id: Id of the task run.
            state: The state.
            version: The version that the run must still have; None for any.
            cache_for: Not used, as in Prefect 1.4.1.

        Raises:
            VersionLockMismatchSignal: The run has another version by now.
            ClientError: The API refuses it.
        """
        one = {"task_run_id": task_run_id, "state": state.serialize(), "version": version}
        answer = self.mutate("set_task_run_states { states { id status message } }", states=[one])
        return accepted(answer["states"][0], state)

    def set_task_run_name(self, task_run_id: str, name: str) -> bool:
        """Rename a task run; return whether that was done."""
        done = self.mutate("set_task_run_name { success }", task_run_id=task_run_id, name=name)
        return bool(done["success"])

    def get_latest_cached_states(
        self, task_id: str, cache_key: str | None, created_after: datetime
    ) -> list[State]:
        """Return Cached states that were entered after a moment, the newest first.

        Args:
            task_id: Only of runs of this task, unless there is a `cache_key`.
            cache_key: Only of runs of tasks with this cache key.
            created_after: The moment.
        """
        by = {"task_id": task_id} if cache_key is None else {"cache_key": cache_key}
        where: dict[str, Any] = {name: {"_eq": value} for name, value in by.items()}
        where["state"] = {"_eq": "Cached"}
        where["state_timestamp"] = {"_gte": created_after.isoformat()}
        order = {"state_timestamp": EnumValue("desc")}
        field = with_args("task_run", {"where": where, "order_by": order, "limit": 100})
        found = self.request(f"query {{ {field} {{ serialized_state }} }}")["task_run"]
        return [State.deserialize(run["serialized_state"]) for run in found]

    def create_task_run_artifact(
        self, task_run_id: str, kind: str, data: Any, tenant_id: str | None = None
    ) -> str:
        """Keep something to show beside a task run and return its id.

        Args:
            task_run_id: Id of the task run.
            kind: `link` or `markdown`.
            data: What is shown, as JSON.
            tenant_id: Id of the tenant; that of the task run by default.
        """
        values = {"task_run_id": task_run_id, "kind": kind, "data": data, "tenant_id": tenant_id}
        made = self.mutate("create_task_run_artifact { id }", **values)
        if not made["id"]:
            raise ValueError("Error creating task run artifact")
        return str(made["id"])

    def update_task_run_artifact(self, task_run_artifact_id: str, data: Any) -> None:
        """Put other data in the place of an artifact's."""
        if task_run_artifact_id is None:
            raise ValueError(_NO_ARTIFACT)
        values = {"task_run_artifact_id": task_run_artifact_id, "data": data}
        self.mutate("update_task_run_artifact { success }", **values)

    def delete_task_run_artifact(self, task_run_artifact_id: str) -> None:
        """Delete an artifact."""
        if task_run_artifact_id is None:
            raise ValueError(_NO_ARTIFACT)
        values = {"task_run_artifact_id": task_run_artifact_id}
        self.mutate("delete_task_run_artifact { success }", **values)
