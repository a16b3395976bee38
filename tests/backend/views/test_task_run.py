"""`TaskRunView`, through every access: finding task runs, and saying what there is instead."""

from __future__ import annotations

import pickle

import attrs
import pytest

from prefect_results.backend.access import RunAccess
from prefect_results.backend.store import NewState, RunStore
from prefect_results.backend.views import TaskRunView
from prefect_results.exceptions import TaskRunNotFound
from prefect_results.states import Retrying
from tests.backend import recorded


def test_by_slug(access: RunAccess, run_id: str) -> None:
    """A task run is found by the slug of its task, with the attributes of 1.4.1."""
    view = TaskRunView.from_task_slug("foo-1", flow_run_id=run_id, source=access)
    assert (view.task_slug, view.map_index, view.flow_run_id) == ("foo-1", -1, run_id)
    assert view.state.is_successful()
    assert view.get_result() == "foobar!"


def test_by_id(access: RunAccess, run_id: str) -> None:
    """A task run is found by its id; views of the same state of it are equal."""
    view = TaskRunView.from_task_slug("inc-1", run_id, 2, source=access)
    again = TaskRunView.from_task_run_id(view.task_run_id, source=access)
    assert again == view
    assert hash(again) == hash(view)
    assert again != "inc-1"
    assert again.get_result() == 3


def test_id_must_be_text() -> None:
    """Anything but text as an id is told apart from an id that does not exist."""
    with pytest.raises(TypeError, match="Unexpected type <class 'int'> for `task_run_id`"):
        TaskRunView.from_task_run_id(7)  # type: ignore[arg-type]


@pytest.mark.parametrize("wanted", [recorded.MISSING, "no uuid"])
def test_unknown_id(access: RunAccess, run_id: str, wanted: str) -> None:
    """An id that does not exist is a ValueError with the words of 1.4.1."""
    with pytest.raises(ValueError, match="No task runs found while querying for task runs where"):
        TaskRunView.from_task_run_id(wanted, source=access)


def test_unknown_slug_tells_near_ones(access: RunAccess, run_id: str) -> None:
    """An unknown slug lists the slugs that look like it, and all that the flow has."""
    with pytest.raises(
        TaskRunNotFound, match=r"Did you mean 'inc-1'.*'foo-1', 'inc-1', 'total-1'"
    ) as info:
        TaskRunView.from_task_slug("inc", run_id, source=access)
    assert info.value.suggestions == ("inc-1",)


def test_unknown_map_index_tells_the_range(access: RunAccess, run_id: str) -> None:
    """A map index that does not exist tells which do."""
    with pytest.raises(TaskRunNotFound, match="the map indexes 0 to 5"):
        TaskRunView.from_task_slug("inc-1", run_id, 6, source=access)
    with pytest.raises(TaskRunNotFound, match="is not mapped"):
        TaskRunView.from_task_slug("foo-1", run_id, 0, source=access)


def test_task_that_was_not_run_yet(access: RunAccess, store: RunStore) -> None:
    """A task without a run is told apart from a task that the flow does not have."""
    flow_id = recorded.registered(store, recorded.example_flow())
    run = store.create_flow_run(flow_id)
    with pytest.raises(TaskRunNotFound, match="was not run; the flow run is Scheduled"):
        TaskRunView.from_task_slug("foo-1", run.id, source=access)


@pytest.mark.parametrize("wanted", [recorded.MISSING, "no uuid"])
def test_unknown_flow_run(access: RunAccess, run_id: str, wanted: str) -> None:
    """A flow run that does not exist is said to be what is missing."""
    with pytest.raises(TaskRunNotFound, match="there is no such flow run in"):
        TaskRunView.from_task_slug("foo-1", wanted, source=access)


def test_without_a_state(access: RunAccess, store: RunStore) -> None:
    """A task run that has no state yet is shown as Scheduled."""
    flow_id = recorded.registered(store, recorded.example_flow())
    run = store.create_flow_run(flow_id)
    made = store.get_or_create_task_run(run.id, task_slug="foo-1")
    assert TaskRunView.from_task_run_id(made.id, source=access).state.is_scheduled()


def test_immutable(access: RunAccess, run_id: str) -> None:
    """No attribute of a view can be assigned."""
    view = TaskRunView.from_task_slug("foo-1", run_id, source=access)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        view.state = None  # type: ignore[misc,assignment]


def test_latest(access: RunAccess, store: RunStore, run_id: str) -> None:
    """The latest view has the newer state and the result that was loaded; the old one stays."""
    view = TaskRunView.from_task_slug("foo-1", run_id, source=access)
    assert view.get_result() == "foobar!"
    store.set_task_run_states([NewState(view.task_run_id, Retrying("again").serialize())])
    latest = view.get_latest()
    assert (latest.state.is_retrying(), view.state.is_successful()) == (True, True)
    assert latest._result == "foobar!"


def test_repr(access: RunAccess, run_id: str) -> None:
    """The repr names the task run, its state and its result once that is loaded."""
    view = TaskRunView.from_task_slug("foo-1", run_id, source=access)
    assert repr(view) == (
        f"TaskRunView(task_run_id='{view.task_run_id}', task_id='{view.task_id}', "
        "task_slug='foo-1', state=<Success: \"Task run succeeded.\">, result=<not loaded>)"
    )
    view.get_result()
    assert "result='foobar!')" in repr(view)


def test_pickled(store: RunStore, run_id: str) -> None:
    """A view goes to another process, and loads its result there."""
    view = TaskRunView.from_task_slug("foo-1", run_id, source=store)
    again = pickle.loads(pickle.dumps(view))
    assert again == view
    assert again.get_result() == "foobar!"
