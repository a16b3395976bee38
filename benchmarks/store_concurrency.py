"""Many processes record into one run store at once: `python -m benchmarks.store_concurrency`.

Each process makes a flow run and records task runs in it, each with a Running and a Success state,
as the recording runner does: some created with their states, the others created first and changed
afterwards. Then the store is read back: every state must be there. Prints the throughput for SQLite
and PostgreSQL (a server of our own, or the one of `--postgres URL`).
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from prefect_results.backend.store import NewState, NewTaskRun, RunStore, open_store
from tests.backend.postgres import PostgresServer, PostgresUnavailable

STATE = {
    "message": "Task run succeeded.",
    "context": {"tags": []},
    "cached_inputs": {},
    "_result": {
        "type": "LocalResult",
        "dir": "/home/someone/.prefect/results",
        "location": "2026/11/21/a6d1f0c1-7a6b-4b0e-b7a6-5d8f6a1c2e3f.prefect_result",
        "serialized": True,
        "serializer": {"type": "PickleSerializer"},
        "__version__": "1.4.1",
    },
    "__version__": "1.4.1",
}
RUNNING = {"type": "Running", **STATE}
SUCCESS = {"type": "Success", **STATE}
FLOW = {
    "name": "recorded",
    "tasks": [{"slug": "inc-1", "name": "inc", "type": "prefect.core.task.Task"}],
}


def main() -> int:
    """Returns 1 when a state is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=16)
    parser.add_argument("--task-runs", type=int, default=1000, help="of each process")
    parser.add_argument("--batch", type=int, default=100, help="task runs in one transaction")
    parser.add_argument("--postgres", metavar="URL", help="use this database instead of our own")
    options = parser.parse_args()
    complete = True
    with tempfile.TemporaryDirectory() as folder:
        complete &= measure("SQLite", str(Path(folder) / "store.db"), options)
    try:
        with postgres(options.postgres) as url:
            complete &= measure("PostgreSQL", url, options)
    except PostgresUnavailable as exc:
        print(f"PostgreSQL: {exc}")
    return 0 if complete else 1


@contextmanager
def postgres(url: str | None) -> Iterator[str]:
    """The URL of an empty PostgreSQL database."""
    if url:
        yield url
        return
    server = PostgresServer()
    try:
        yield server.url(server.new_database())
    finally:
        server.stop()


def measure(name: str, url: str, options: argparse.Namespace) -> bool:
    """Record from many processes, which also create the store; print how it went."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(options.processes + 1)
    results = context.Queue()
    arguments = (url, options.task_runs, options.batch, barrier, results)
    workers = [context.Process(target=record, args=arguments) for _ in range(options.processes)]
    for worker in workers:
        worker.start()
    try:
        barrier.wait(120)
    except Exception:
        for worker in workers:
            worker.terminate()
        raise
    created = time.perf_counter()
    barrier.wait(600)
    started = time.perf_counter()
    barrier.wait(600)
    elapsed = time.perf_counter() - started
    reports = [results.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join()
    errors = [error for _, error in reports if error]
    missing = check(open_store(url), [run for run, _ in reports], options.task_runs)
    total = options.processes * options.task_runs
    print(
        f"{name}: {options.processes} processes x {options.task_runs} task runs: {elapsed:.2f} s, "
        f"{total / elapsed:,.0f} task runs/s ({elapsed / total * 1e6:.0f} µs each), "
        f"{len(errors)} errors, {missing} states missing; importing, creating the store and "
        f"beginning took {started - created:.2f} s"
    )
    for error in errors:
        print(f"  {error}", file=sys.stderr)
    return not errors and not missing


def record(url: str, count: int, batch: int, barrier: Any, results: Any) -> None:
    """What each process does; reports the flow run's id and the error, if there was one."""
    run_id, error = "", ""
    barrier.wait(120)
    try:
        store = open_store(url)
        run_id, task_id = begin(store)
    except Exception as exc:
        error = f"{type(exc).__name__}: {exc}"
    barrier.wait(600)
    try:
        if error:
            count = 0
        for start in range(0, count, 2 * batch):
            middle, end = min(start + batch, count), min(start + 2 * batch, count)
            moment = datetime.now(timezone.utc)
            states = ((RUNNING, moment), (SUCCESS, moment))
            store.create_task_runs(
                run_id, [NewTaskRun(task_id, i, states=states) for i in range(start, middle)]
            )
            if middle < end:
                late = [NewTaskRun(task_id, i) for i in range(middle, end)]
                made = store.create_task_runs(run_id, late)
                store.set_task_run_states([NewState(run.run_id, RUNNING, 0) for run in made])
                store.set_task_run_states([NewState(run.run_id, SUCCESS, 1) for run in made])
    except Exception as exc:
        error = f"{type(exc).__name__}: {exc}"
    barrier.wait(600)
    results.put((run_id, error))


def begin(store: RunStore) -> tuple[str, str]:
    """Register the flow if need be and start a run; returns the ids of the run and of its task."""
    with store.transaction():
        project = store.ensure_project("benchmark")
        flow = store.register_flow(project.id, FLOW, idempotency_key="1")
        run = store.create_flow_run(flow.id)
        return run.id, store.list_tasks(flow.id)[0].id


def check(store: RunStore, run_ids: list[str], count: int) -> int:
    """Read everything back; returns how many states are missing."""
    missing = 0
    for run_id in filter(None, run_ids):
        after, seen = None, 0
        while True:
            page = store.list_task_runs(run_id, after=after, limit=1000)
            seen += sum(run.state == "Success" and run.version == 2 for run in page.items)
            after = page.next
            if after is None:
                break
        last = store.find_task_run(run_id, "inc-1", count - 1)
        history = store.task_run_states(last.id) if last else []
        missing += 2 * (count - seen) + 2 - len(history)
    return missing + 2 * count * run_ids.count("")


if __name__ == "__main__":
    sys.exit(main())
