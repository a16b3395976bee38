"""Results of recorded task runs: loaded once, and each reason why one cannot be loaded."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from prefect_results import Flow, task
from prefect_results.backend.store import NewTaskRun, RunStore
from prefect_results.backend.views import TaskRunView
from prefect_results.exceptions import (
    Corrupt,
    NotFound,
    ResultNotKept,
    ResultUnavailable,
    ResultWithoutLocation,
    RunNotFinished,
    UnknownResultType,
)
from prefect_results.results import LocalResult, NoResult, PrefectResult, Result
from prefect_results.states import Failed, Running, State, Success
from prefect_results.wire import UnknownResult
from tests.backend import recorded


def view_of(store: RunStore, state: State | dict[str, Any]) -> TaskRunView:
    """Return a view of a task run that is in a state, or in its wire form."""
    flow_id = recorded.registered(store, recorded.example_flow())
    run = store.create_flow_run(flow_id)
    task_id = next(one.id for one in store.list_tasks(flow_id) if one.slug == "foo-1")
    form = state if isinstance(state, dict) else state.serialize()
    store.create_task_runs(run.id, [NewTaskRun(task_id, states=((form, recorded.now()),))])
    return TaskRunView.from_task_slug("foo-1", run.id, source=store)


def test_loaded_once(store: RunStore, run_id: str, results: Path) -> None:
    """A result is read at the first call; later ones do not need the file."""
    view = TaskRunView.from_task_slug("foo-1", run_id, source=store)
    assert view.state.result is None
    value = view.get_result()
    for file in results.iterdir():
        file.unlink()
    assert view.get_result() is value


@pytest.mark.parametrize("value", [None, 0, [], {"a": 1}])
def test_values_kept_in_the_state(store: RunStore, value: Any) -> None:
    """A value without a result type is in the state itself, None and empty values included."""
    assert view_of(store, Success(result=Result(value))).get_result() == value


def test_prefect_result(store: RunStore) -> None:
    """A PrefectResult, whose location is its JSON, is read from there."""
    state = Success(result=PrefectResult().write([1, "two"]))
    assert view_of(store, state).get_result() == [1, "two"]


def test_exception_of_a_failed_run(store: RunStore) -> None:
    """The result of a task run that raised is the exception."""
    value = view_of(store, Failed("oh", result=ValueError("no"))).get_result()
    assert isinstance(value, ValueError)


def test_unfinished(store: RunStore) -> None:
    """A run that is not finished says so, in the words of 1.4.1, and which run it is."""
    view = view_of(store, Running("Starting task run."))
    with pytest.raises(RunNotFinished, match=r"cannot be loaded if it is not finished.*'foo-1'"):
        view.get_result()


def test_no_result(store: RunStore) -> None:
    """A run that ended without a result says so; also a TypeError, as in 1.4.1."""
    with pytest.raises(ResultNotKept, match=r"has no `Result` type.*'foo-1' ended in <Failed"):
        view_of(store, Failed("oh", result=NoResult)).get_result()
    assert issubclass(ResultNotKept, TypeError)


def test_no_location(store: RunStore) -> None:
    """A result that should have been stored and was not says so; also a ValueError, as in 1.4.1."""
    form = Success(result=LocalResult(location="x")).serialize()
    form["_result"]["location"] = None
    with pytest.raises(ResultWithoutLocation, match="has no `location` so the result cannot"):
        view_of(store, form).get_result()
    assert issubclass(ResultWithoutLocation, ValueError)


def test_custom_type(store: RunStore) -> None:
    """A result type that is not registered is named, with where its data lies."""
    form = {"type": "mine.Bucket", "location": "a/b", "__version__": "1.4.1"}
    view = view_of(store, Success(result=UnknownResult(form)))
    with pytest.raises(UnknownResultType, match=r"custom type.*'mine.Bucket' at 'a/b'"):
        view.get_result()
    assert issubclass(UnknownResultType, TypeError)


def test_deleted_file(store: RunStore, run_id: str, results: Path) -> None:
    """A file that is gone is named, and the error can be caught as FileNotFoundError."""
    view = TaskRunView.from_task_slug("foo-1", run_id, source=store)
    location = view.state._result.location
    os.unlink(str(location))
    with pytest.raises(NotFound, match=r"'foo-1'.* is gone: .*foo.*deleted or moved") as info:
        view.get_result()
    assert isinstance(info.value, FileNotFoundError)
    assert isinstance(info.value.__cause__, NotFound)


def test_damaged_file(store: RunStore, run_id: str) -> None:
    """A file that is cut off is an error, never a wrong value; it can be read once it is whole."""
    view = TaskRunView.from_task_slug("foo-1", run_id, source=store)
    path = Path(str(view.state._result.location))
    whole = path.read_bytes()
    path.write_bytes(whole[:3])
    with pytest.raises(Corrupt):
        view.get_result()
    path.write_bytes(whole)
    assert view.get_result() == "foobar!"


def test_every_reason_is_one_kind_of_error() -> None:
    """One class catches each reason why there is no result, but not trouble with the storage."""
    for kind in (RunNotFinished, ResultNotKept, ResultWithoutLocation, UnknownResultType):
        assert issubclass(kind, ResultUnavailable)


def test_results_of_a_task_that_returned_nothing(store: RunStore, results: Path) -> None:
    """A checkpointed task that returned None has the result None."""

    @task(result=LocalResult(dir=str(results)), name="foo")
    def nothing() -> None:
        return None

    with Flow("nothing") as flow:
        nothing()
    run_id = recorded.record(store, flow)
    assert TaskRunView.from_task_slug("foo-1", run_id, source=store).get_result() is None
