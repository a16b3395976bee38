"""The children of a mapped task run: page by page, and all of their values.

What belongs here: which children there are, and in which order they are read. What does not: the
threads (`results.reading`) and one run's value (`results`).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from prefect_results.backend.views.reading import MOST_READERS, Read, ReadAhead, prefetched
from prefect_results.backend.views.results import Loaded, load, named, require_result
from prefect_results.exceptions import RunNotFinished
from prefect_results.results import Result
from prefect_results.results.reading import in_order, size_in_flight
from prefect_results.states import State

if TYPE_CHECKING:
    from prefect_results.backend.access import RunAccess, TaskRunData
    from prefect_results.backend.views.task_run import TaskRunView

PAGE = 200
"""How many children are asked for at once."""


class LoadedAhead(Loaded):
    """What is loaded for a child that is one of many, and may be read before it is asked for."""

    __slots__ = ("ahead", "keep")

    def __init__(self, ahead: ReadAhead[Any], keep: dict[int, Any] | None) -> None:
        super().__init__()
        self.ahead = ahead
        self.keep = keep

    def __reduce__(self) -> tuple[Any, ...]:
        return (Loaded, ())

    def fetch(self, run: TaskRunView) -> Any:
        value = self.ahead.take(run.map_index, partial(load, run))
        if self.keep is not None:
            self.keep[run.map_index] = value
        return value


def pages(parent: TaskRunView, access: RunAccess) -> Iterator[list[TaskRunData]]:
    """Yield what is recorded of the children of a mapped task run, in order, fetched ahead."""

    def fetch(after: int) -> list[TaskRunData]:
        return access.children(parent.flow_run_id, parent.task_slug, after, PAGE)

    return prefetched(fetch, lambda child: child.map_index, PAGE)


def each(
    parent: TaskRunView, access: RunAccess, keep: dict[int, Any] | None
) -> Iterator[TaskRunView]:
    """Yield the children one by one, holding a page of them and the next one.

    Args:
        parent: The mapped task run.
        access: Where its children are.
        keep: Where values that are loaded through the children are kept, by map index.
    """
    ahead: ReadAhead[Any] = ReadAhead()
    view = type(parent)._from_data
    try:
        for page in pages(parent, access):
            children = [view(data, access, LoadedAhead(ahead, keep)) for data in page]
            ahead.turn({child.map_index: _reader(child) for child in children})
            del page
            children.reverse()
            while children:
                yield children.pop()
    finally:
        ahead.stop()


def load_all(parent: TaskRunView, access: RunAccess, values: dict[int, Any]) -> list[Any]:
    """Return the values of all children, in order, read concurrently.

    Args:
        parent: The mapped task run.
        access: Where its children are.
        values: What was loaded before, by map index; what is loaded is added, also when another
            child cannot be loaded, so that asking again goes on from there.

    Raises:
        RunNotFinished: A child is not there yet, or not finished.
        ResultUnavailable, StorageError, DeserializationError: The value of a child cannot be had;
            the first one by map index is named.
    """
    count = 0
    children: list[TaskRunView] = []
    for page in pages(parent, access):
        for data in page:
            count += 1
            if data.map_index not in values:
                child = type(parent)._from_data(data, access)
                _require_finished(child)
                require_result(child)
                children.append(child)
    for _ in in_order([_reader(child, values) for child in children], MOST_READERS):
        pass
    _require_all(parent, access, count)
    return [values[index] for index in sorted(values)]


def _reader(child: TaskRunView, values: dict[int, Any] | None = None) -> Read[Any]:
    """Return the call that reads a child's value, into `values` if given."""

    def read() -> Any:
        value = load(child)
        if values is not None:
            values[child.map_index] = value
        return value

    result = child.state._result
    return read, size_in_flight(result) if isinstance(result, Result) else 0


def _require_finished(child: TaskRunView) -> None:
    if not child.state.is_finished():
        raise RunNotFinished(
            f"Child task run {named(child)} is in state {child.state}. The result cannot be "
            "retrieved. Loading results for mapped tasks in running flows is not supported: wait "
            "until the flow run is finished."
        )


def _require_all(parent: TaskRunView, access: RunAccess, count: int) -> None:
    expected = getattr(parent.state, "n_map_states", 0)
    if count >= expected and (count or _is_over(parent, access)):
        return
    if count == 0:
        raise RunNotFinished(
            f"No child task runs were found for task {parent.task_slug!r} in flow run "
            f"{parent.flow_run_id}. Is the flow run finished?"
        )
    raise RunNotFinished(
        f"Only {count} of the {expected} children of task {parent.task_slug!r} in flow run "
        f"{parent.flow_run_id} are recorded. Is the flow run finished?"
    )


def _is_over(parent: TaskRunView, access: RunAccess) -> bool:
    """Whether nothing can be added to the flow run: it mapped over an empty list."""
    state = access.flow_run_state(parent.flow_run_id)
    return state is not None and State.deserialize(state).is_finished()
