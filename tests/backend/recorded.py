"""Runs that were recorded: flows run in memory, their states written through the store's port."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from prefect_results import Flow, task
from prefect_results.backend.store import NewLog, NewState, NewTaskRun, RunStore
from prefect_results.results import LocalResult
from prefect_results.states import Running, State, Success

MISSING = "00000000-0000-7000-8000-00000000dead"


def now() -> datetime:
    """The present moment, as stores take it."""
    return datetime.now(timezone.utc)


@task
def inc(x: int) -> int:
    """One more."""
    return x + 1


@task
def total(xs: list[int]) -> int:
    """The sum."""
    return sum(xs)


@task
def foo() -> str:
    """The value of the documentation's first example."""
    return "foobar!"


def example_flow(name: str = "example-mapped", result: Any = None) -> Flow:
    """The flow of the documentation: a task mapped over a list, one reduced, one alone."""
    with Flow(name, result=result) as flow:
        numbers = inc.map([0, 1, 2, 3, 4, 5])
        total(numbers)
        foo()
    return flow


def registered(store: RunStore, flow: Flow, project: str = "polar") -> str:
    """Register a flow without its code; return its id."""
    return store.register_flow(store.ensure_project(project).id, flow.serialize()).id


def record(store: RunStore, flow: Flow, *, project: str = "polar") -> str:
    """Run a flow in memory, write what became of it into a store, return the flow run's id."""
    flow_id = registered(store, flow, project)
    run = store.create_flow_run(flow_id, name="amber-otter")
    final = flow.run()
    assert final is not None
    ids = {one.slug: one.id for one in store.list_tasks(flow_id)}
    rows = []
    for one, state in final.result.items():
        task_id = ids[flow.slugs[one]]
        rows.append(_row(task_id, -1, state))
        rows += [
            _row(task_id, index, child)
            for index, child in enumerate(getattr(state, "map_states", ()))
        ]
    store.create_task_runs(run.id, rows)
    store.write_logs([NewLog(run.id, "Beginning", timestamp=now()), NewLog(run.id, "Ending")])
    finish(store, run.id, final)
    return run.id


def finish(store: RunStore, flow_run_id: str, final: State | None = None) -> None:
    """Set a flow run to Running and then to a final state."""
    states = [Running("Running flow."), final or Success("All reference tasks succeeded.")]
    store.set_flow_run_states([NewState(flow_run_id, state.serialize()) for state in states])


def _row(task_id: str, map_index: int, state: State) -> NewTaskRun:
    return NewTaskRun(task_id, map_index, states=((state.serialize(), now()),))


def stored(folder: Any) -> LocalResult:
    """A result type that keeps values as files of a folder."""
    return LocalResult(dir=str(folder), location="{task_name}-{map_index}.prefect_result")
