"""What an earlier, broken-off run left that need not be done again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from marshmallow import ValidationError

from prefect_results.backend.recording.recorder import Key, Known
from prefect_results.exceptions import NotFound, PrefectError
from prefect_results.logging import get_logger
from prefect_results.results.stored import StoredResult
from prefect_results.states import Mapped, Retrying, State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prefect_results.backend.store import FlowRun, RunStore, TaskRun
    from prefect_results.core import Flow, Task

PAGE = 500
# How many locations are looked at at the same time.
LOOKS = 16


def states_to_go_on_from(
    store: RunStore, flow: Flow, run: FlowRun
) -> tuple[dict[Task, State], dict[Key, Known]]:
    """The states of an earlier run's tasks that serve again, and all the store knows of.

    A task serves again if it succeeded and its result is there; one that waits for another try
    waits on. Everything else is run again.

    Args:
        store: the run store.
        flow: the flow.
        run: its earlier run.

    Returns:
        States by task, with `None` among the children of a mapped task for those that are to
        run; and what the store has by slug and map index.
    """
    from concurrent.futures import ThreadPoolExecutor

    rows = list(_task_runs(store, run.id))
    known = {(row.task_slug, row.map_index): Known(row.id, row.version) for row in rows}
    with ThreadPoolExecutor(LOOKS) as pool:
        states = dict(zip(known, pool.map(_state_that_serves, rows), strict=True))

    by_slug = {slug: task for task, slug in flow.slugs.items()}
    found: dict[Task, State] = {}
    for (slug, index), state in states.items():
        task = by_slug.get(slug)
        if index == -1 and state is not None and task is not None:
            found[task] = state
            if isinstance(state, Mapped):
                children: list[Any] = [
                    states.get((slug, child)) for child in range(state.n_map_states)
                ]
                state.map_states = children
    return found, known


def _task_runs(store: RunStore, flow_run_id: str) -> Iterator[TaskRun]:
    after = None
    while True:
        page = store.list_task_runs(flow_run_id, after=after, limit=PAGE)
        yield from page.items
        after = page.next
        if after is None:
            return


def _named(row: TaskRun) -> str:
    return row.task_slug if row.map_index < 0 else f"{row.task_slug}[{row.map_index}]"


def _state_that_serves(row: TaskRun) -> State | None:
    if row.serialized_state is None:
        return None
    try:
        state = State.deserialize(row.serialized_state)
    except ValidationError as exc:
        get_logger("Recorder").warning(
            f"Task run {_named(row)!r} is run again, as its state cannot be loaded: {exc}"
        )
        return None
    if isinstance(state, Retrying):
        return state
    if not state.is_successful() or not _is_there(state, row):
        return None
    return state


def _is_there(state: State, row: TaskRun) -> bool:
    """Whether the value of a finished task run can be had, as it was written."""
    result = state._result
    if not result.serialized or result.value is not None or result.location is None:
        return True
    try:
        if isinstance(result, StoredResult):
            result.verify()
            return True
        there = result.exists(result.location)
    except NotImplementedError:
        return True
    except NotFound:
        there = False
    except PrefectError as exc:
        get_logger("Recorder").warning(
            f"Task run {_named(row)!r} is run again, as its result cannot be read: {exc}"
        )
        return False
    if not there:
        get_logger("Recorder").warning(
            f"Task run {_named(row)!r} is run again, as its result is gone: {result.location}"
        )
    return there
