"""What happens in the process of one flow run: its code is loaded, it runs and is recorded.

What belongs here: that order, and the state of a run that cannot even begin. What does not:
recording (`recording`) and processes (`processes`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from prefect_results.backend.access import StoredRuns
from prefect_results.backend.loading import load_flow
from prefect_results.backend.store import NewLog, NewState, RunStore, open_store
from prefect_results.exceptions import FlowStorageError, RecordNotFound
from prefect_results.states import Failed


def main(url: str, flow_run_id: str) -> int:
    """Execute a flow run.

    Args:
        url: URL of the run store.
        flow_run_id: The flow run, which is Submitted.

    Returns:
        The exit code of the process: 0 if the state of the run says how it went.
    """
    store = open_store(url)
    try:
        execute(store, flow_run_id)
    except RecordNotFound as exc:
        print(exc)
        return 3
    finally:
        store.close()
    return 0


def execute(store: RunStore, flow_run_id: str) -> None:
    """Load the flow of a flow run and run it; a run whose flow cannot be loaded fails.

    Raises:
        RecordNotFound: There is no such flow run.
    """
    run = store.get_flow_run(flow_run_id)
    data = StoredRuns(store).flow(run.flow_id)
    assert data is not None
    if isinstance(run.run_config, Mapping) and run.run_config.get("working_dir"):
        os.chdir(run.run_config["working_dir"])
    try:
        flow = load_flow(data)
    except FlowStorageError as exc:
        message = f"Failed to load and execute flow run: {exc!r}"
        store.write_logs([NewLog(flow_run_id, message, "ERROR", "agent")])
        store.set_flow_run_states([NewState(flow_run_id, Failed(message).serialize())])
        return
    flow.run(resume=flow_run_id, run_on_schedule=False, context=dict(run.context or {}))
