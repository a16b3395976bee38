"""Tasks that create a run of another flow, wait for it, and fetch what its tasks returned.

What belongs here: `create_flow_run`, `get_task_run_result`, `wait_for_flow_run`; `StartFlowRun`
keeps its legacy name here. What does not: executing runs (`agent`). The context is used as an
attribute of the package, as flows with these tasks are pickled and it must not be.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import Any

import prefect_results
from prefect_results.backend.client import Client
from prefect_results.backend.tasks.start_flow_run import StartFlowRun
from prefect_results.backend.tasks.waiting import ensure_executed
from prefect_results.backend.views import FlowRunView, FlowView, watch_flow_run
from prefect_results.backend.views.watching import pause_after
from prefect_results.core import task
from prefect_results.exceptions import WaitTimedOut
from prefect_results.signals import signal_from_state

POLL_TIME = 5

__all__ = ["StartFlowRun", "create_flow_run", "get_task_run_result", "wait_for_flow_run"]


@task
def create_flow_run(
    flow_id: str | None = None,
    flow_name: str | None = None,
    project_name: str = "",
    parameters: dict[str, Any] | None = None,
    context: dict[str, Any] | None = None,
    labels: Iterable[str] | None = None,
    run_name: str | None = None,
    run_config: Any = None,
    scheduled_start_time: datetime | timedelta | None = None,
    idempotency_key: str | None = None,
) -> str:
    """Create a run of a registered flow.

    With the embedded run store, an agent that this process starts executes it; with an API, an
    agent of that API. A mapped task creates one run for each map index.

    Args:
        flow_id: Id of the flow version, or of a flow group for its newest version.
        flow_name: In place of the id: name of the flow.
        project_name: With the name: its project, where flows of several have the same name.
        parameters: Values of the flow's parameters.
        context: What the run's context is updated with.
        labels: Labels that an agent must have; those of the flow by default.
        run_name: What people call the run; by default the name of this flow run and of the flow.
        run_config: A run configuration; the flow's by default.
        scheduled_start_time: When it should start, a moment or a time from now; now by default.
        idempotency_key: Creating a run with the same key again returns the one there is; by
            default the id of this task run, and its map index, so that a retry creates no other.

    Returns:
        The id of the flow run.

    Raises:
        ValueError: Not exactly one of id and name is given.
        FlowNotFound: There is no such flow.
    """
    if flow_id and flow_name:
        raise ValueError(
            "Received both `flow_id` and `flow_name`. Only one flow identifier can be passed."
        )
    if not flow_id and not flow_name:
        raise ValueError("Both `flow_id` and `flow_name` are null. You must pass a flow identifier")
    logger = prefect_results.context.logger
    logger.debug("Looking up flow metadata...")
    if flow_id:
        flow = FlowView.from_id(flow_id)
    else:
        flow = FlowView.from_flow_name(flow_name, project_name=project_name)  # type: ignore[arg-type]
    parent = prefect_results.context.get("flow_run_name")
    if not run_name and parent:
        run_name = f"{parent}-{flow.name}"
    shown = run_name or "<generated-name>"
    logger.info("Creating flow run %r for flow %r...", shown, flow.name)
    if isinstance(scheduled_start_time, timedelta):
        scheduled_start_time = datetime.now(timezone.utc) + scheduled_start_time
    client = Client()
    flow_run_id: str = client.create_flow_run(
        flow_id=flow.flow_id,
        parameters=parameters,
        context=context,
        labels=labels,
        run_name=run_name,
        run_config=run_config,
        scheduled_start_time=scheduled_start_time,
        idempotency_key=idempotency_key or _own_key(),
    )
    url = client.get_cloud_url("flow-run", flow_run_id)
    logger.info("Created flow run %r: %s", shown, url)
    return flow_run_id


def _own_key() -> str | None:
    """What a retry of this task run has in common with it, and no other task run has."""
    key: str | None = prefect_results.context.get("task_run_id")
    map_index = prefect_results.context.get("map_index")
    return f"{key}-{map_index}" if key and map_index is not None else key


@task
def get_task_run_result(
    flow_run_id: str,
    task_slug: str,
    map_index: int = -1,
    poll_time: int = POLL_TIME,
    max_duration: timedelta = timedelta(hours=12),
) -> Any:
    """Fetch what a task returned in another flow run, once that flow run is finished.

    Args:
        flow_run_id: Id of the flow run.
        task_slug: Slug of the task, usually its name and `-1`.
        map_index: Which child of a mapped task; the list of all by default.
        poll_time: Seconds between looks at the flow run. By default looks are frequent at first
            and rarer later, at most this far apart.
        max_duration: How long to wait for the flow run.

    Raises:
        ValueError: No slug is given, or the flow run is the one that this task runs in.
        FlowRunNotFound, TaskRunNotFound: There is no such run; names like it are told.
        WaitTimedOut: The flow run is not finished in time (also a `RuntimeError`).
        ResultUnavailable: The task has no result; the reason is told.
    """
    logger = prefect_results.context.logger
    if not task_slug:
        # `task.slug` is often None.
        raise ValueError("Required argument `task_slug` is empty")
    if prefect_results.context.get("flow_run_id") == flow_run_id:
        raise ValueError(
            "Given `flow_run_id` is the same as the currently running flow. The "
            "`get_task_run_result` task cannot be used to retrieve results from the flow run it "
            "belongs to."
        )
    shown = repr(task_slug) if map_index == -1 else f"'{task_slug}[{map_index}]'"
    flow_run = FlowRunView.from_flow_run_id(flow_run_id)
    began, slept = time.monotonic(), 0.0
    while not flow_run.state.is_finished():
        waited = max(time.monotonic() - began, slept)
        if waited > max_duration.total_seconds():
            raise WaitTimedOut(
                f"Flow run {flow_run_id} is not finished after {max_duration}; it is in state "
                f"{flow_run.state}. The result of task run {shown} is to be had after that."
            )
        logger.debug(
            "Waiting for flow run %s to finish before retreiving result for task run %s...",
            flow_run_id,
            shown,
        )
        ensure_executed(flow_run)
        pause = pause_after(waited, poll_time) if poll_time == POLL_TIME else poll_time
        time.sleep(pause)
        slept += pause
        flow_run = flow_run.get_latest()
    logger.debug("Retrieving task run metadata...")
    task_run = flow_run.get_task_run(task_slug=task_slug, map_index=map_index)
    logger.debug("Loading task run result from %s...", type(task_run.state._result).__name__)
    return task_run.get_result()


@task
def wait_for_flow_run(
    flow_run_id: str,
    stream_states: bool = True,
    stream_logs: bool = False,
    raise_final_state: bool = False,
    max_duration: timedelta = timedelta(hours=12),
) -> FlowRunView:
    """Wait until a flow run is finished, and log what happens to it.

    Args:
        flow_run_id: Id of the flow run.
        stream_states: Whether to log each state that it enters.
        stream_logs: Whether to log the lines of its log.
        raise_final_state: Whether this task ends in the same state as the flow run.
        max_duration: How long to wait.

    Returns:
        The view of the finished flow run.

    Raises:
        FlowRunNotFound: There is no such flow run.
        WaitTimedOut: It is not finished in time (also a `RuntimeError`).
    """
    flow_run = FlowRunView.from_flow_run_id(flow_run_id)
    ensure_executed(flow_run)
    for line in watch_flow_run(
        flow_run_id,
        stream_states=stream_states,
        stream_logs=stream_logs,
        max_duration=max_duration,
    ):
        prefect_results.context.logger.log(line.level, f"Flow {flow_run.name!r}: {line.message}")
    flow_run = flow_run.get_latest()
    if raise_final_state:
        signal = signal_from_state(flow_run.state)
        message = f"{flow_run_id} finished in state {flow_run.state}"
        raise signal(message=message, result=flow_run)
    return flow_run
