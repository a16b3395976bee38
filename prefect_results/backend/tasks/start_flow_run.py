"""`StartFlowRun`: the older task that creates a flow run, and waits for it if that is asked for."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any, NoReturn
from urllib.parse import urlparse

from prefect_results.backend import artifacts
from prefect_results.backend.client import Client
from prefect_results.context import context
from prefect_results.core import Task, defaults_from_attrs
from prefect_results.signals import signal_from_state

_TASK_AS_PARAMETER = (
    "`StartFlowRun` was made with a task among its `parameters`. Parameters that are values of "
    "tasks are given when it is called: `StartFlowRun(...)(parameters=...)`."
)


class StartFlowRun(Task):
    """Creates a run of the newest version of a flow (Prefect 1.4.1).

    Args:
        flow_name: Name of the flow.
        project_name: Name of its project.
        parameters: Values of the flow's parameters.
        run_config: A run configuration; the flow's by default.
        wait: Whether to wait for the flow run, and end in the same state.
        new_flow_context: What the run's context is updated with.
        run_name: What people call the run.
        scheduled_start_time: When it should start; now by default.
        poll_interval: With `wait`: how often to look at the run; at least 3 seconds.
        create_link_artifact: Whether a link to the run is shown beside this task run.
        **kwargs: Options of the task.

    Raises:
        TypeError: A task is among the parameters.
        ValueError: `poll_interval` is too short.
    """

    def __init__(
        self,
        flow_name: str | None = None,
        project_name: str | None = None,
        parameters: dict[str, Any] | None = None,
        run_config: Any = None,
        wait: bool = False,
        new_flow_context: dict[str, Any] | None = None,
        run_name: str | None = None,
        scheduled_start_time: datetime | None = None,
        poll_interval: timedelta = timedelta(seconds=10),
        create_link_artifact: bool = True,
        **kwargs: Any,
    ) -> None:
        if any(isinstance(value, Task) for value in (parameters or {}).values()):
            raise TypeError(_TASK_AS_PARAMETER)
        if poll_interval.total_seconds() < 3:
            raise ValueError(
                "`poll_interval` needs to be at least 3 seconds to avoid spamming the Prefect "
                f"server. (poll_interval == {poll_interval.total_seconds()} seconds)!"
            )
        self.flow_name = flow_name
        self.project_name = project_name
        self.parameters = parameters
        self.run_config = run_config
        self.wait = wait
        self.new_flow_context = new_flow_context
        self.run_name = run_name
        self.scheduled_start_time = scheduled_start_time
        self.poll_interval = poll_interval
        self.create_link_artifact = create_link_artifact
        if flow_name:
            kwargs.setdefault("name", f"Flow {flow_name}")
        super().__init__(**kwargs)

    @defaults_from_attrs(
        *("flow_name", "project_name", "parameters", "run_config", "new_flow_context"),
        *("run_name", "scheduled_start_time"),
    )
    def run(
        self,
        flow_name: str | None = None,
        project_name: str | None = None,
        parameters: dict[str, Any] | None = None,
        run_config: Any = None,
        new_flow_context: dict[str, Any] | None = None,
        run_name: str | None = None,
        idempotency_key: str | None = None,
        scheduled_start_time: datetime | None = None,
    ) -> str:
        """Create the run; with `wait`, end in the state that it ends in.

        Args:
            flow_name: As for the class, as are the others.
            project_name: Name of the flow's project.
            parameters: Values of the flow's parameters.
            run_config: A run configuration.
            new_flow_context: What the run's context is updated with.
            run_name: What people call the run.
            idempotency_key: Creating a run with the same key again returns the one there is; by
                default the id of this task run.
            scheduled_start_time: When it should start.

        Returns:
            The id of the flow run.

        Raises:
            ValueError: The flow or the project is not named, or there is no such flow.
        """
        if flow_name is None:
            raise ValueError("StartFlowRun needs the name of a flow: `flow_name`.")
        if project_name is None:
            raise ValueError("StartFlowRun needs the name of a project: `project_name`.")
        client = Client()
        flow_id = client.newest_flow(flow_name, project_name)
        if not flow_id:
            raise ValueError(f"Flow '{flow_name}' not found.")
        flow_run_id = client.create_flow_run(
            flow_id=flow_id,
            parameters=parameters,
            run_config=run_config,
            idempotency_key=idempotency_key or context.get("task_run_id"),
            context=new_flow_context,
            run_name=run_name,
            scheduled_start_time=scheduled_start_time,
        )
        self.logger.debug("Flow Run %s created.", flow_run_id)
        link = client.get_cloud_url("flow-run", flow_run_id)
        if self.create_link_artifact:
            artifacts.create_link_artifact(urlparse(link).path)
        self.logger.info("Flow Run: %s", link)
        if self.wait:
            self._await(client, flow_run_id)
        return flow_run_id

    def _await(self, client: Client, flow_run_id: str) -> NoReturn:
        while True:
            time.sleep(self.poll_interval.total_seconds())
            state = client.get_flow_run_state(flow_run_id)
            if state.is_finished():
                raise signal_from_state(state)(f"{flow_run_id} finished in state {state}")
