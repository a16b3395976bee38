"""Views of recorded runs, beside 1.4.1's own views on the same server."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from benchmarks.report import Row, at_most, faster
from benchmarks.workers import ROOT, WorkloadFailed
from prefect_results.backend.store import NewState, NewTaskRun, RunStore, open_store
from prefect_results.results import LocalResult
from prefect_results.serializers import PickleSerializer
from prefect_results.server import ServerProcess
from prefect_results.states import Mapped, Running, State, Success
from tests.peers import legacy_environment, legacy_prefect

TITLE = "Views, over the API of `prefect-results server` (storage that answers in 20 ms)"
DELAY = 0.02
#: 1.4.1 asks for each child by itself; a part of them tells how long all would take.
LEGACY_CHILDREN = 300


def run(quick: bool = False) -> Iterator[Row]:
    """Record two mapped task runs, serve them, and read them with both libraries."""
    few, many = (200, 1_000) if quick else (1_000, 10_000)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = open_store(folder / "runs.db")
        queries: dict[str, Any] = {
            "few": _recorded(store, folder, few),
            "many": _recorded(store, folder, many),
            "delay": DELAY,
            "most": {"legacy": LEGACY_CHILDREN},
        }
        with ServerProcess(store.url) as server:
            queries["url"] = server.url
            (folder / "queries.json").write_text(json.dumps(queries))
            ours = _measured("ours", sys.executable, folder)
            theirs = _measured("legacy", str(legacy_prefect()), folder)
        store.close()
    name = f"get_result of {few:,} children"
    yield faster(name, ours["get_result"], "1.4.1", theirs["get_result"], 20, "s")
    name = f"iter_mapped over {many:,} children"
    yield faster(name, ours["iter_mapped"] * many, "1.4.1", theirs["iter_mapped"] * many, 20, "s")
    yield at_most(f"memory of iter_mapped over {many:,}", ours["grown"] / 2**20, 16, "MB")


def _recorded(store: RunStore, folder: Path, count: int) -> str:
    serialized = {"name": f"mapped-{count}", "tasks": [{"slug": "inc-1", "name": "inc"}]}
    flow = store.register_flow(store.ensure_project("bench").id, serialized)
    (task,) = store.list_tasks(flow.id)
    flow_run_id = store.create_flow_run(flow.id).id
    moment = datetime.now(timezone.utc)

    def row(index: int, state: State) -> NewTaskRun:
        return NewTaskRun(task.id, index, states=((state.serialize(), moment),))

    rows = [row(-1, Mapped("mapped", n_map_states=count))]
    for index in range(count):
        path = folder / f"{index}.prefect_result"
        path.write_bytes(PickleSerializer().serialize(index))
        result = LocalResult(dir=str(folder), location=str(path))
        rows.append(row(index, Success("Task run succeeded.", result=result)))
    store.create_task_runs(flow_run_id, rows)
    ends = [Running("Running flow."), Success("All reference tasks succeeded.")]
    store.set_flow_run_states([NewState(flow_run_id, state.serialize()) for state in ends])
    return flow_run_id


def _measured(library: str, python: str, folder: Path) -> dict[str, float]:
    environment = legacy_environment()
    if library == "ours":
        environment["PYTHONPATH"] = str(ROOT)
    done = subprocess.run(
        [python, str(ROOT / "benchmarks" / "views_worker.py"), library, "queries.json"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise WorkloadFailed(f"{library}: {done.stderr[-2000:]}")
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told
