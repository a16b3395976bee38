"""`FlowRunView`, through every access: states, log, task runs that are kept."""

from __future__ import annotations

import logging
import pickle
from datetime import timedelta
from typing import Any

import pytest

from prefect_results.backend.access import RunAccess
from prefect_results.backend.store import NewLog, NewState, RunStore
from prefect_results.backend.views import FlowRunLog, FlowRunView, flow_run
from prefect_results.exceptions import FlowRunNotFound
from prefect_results.states import Running
from tests.backend import recorded
from tests.backend.views.conftest import ApiOfStore


def test_attributes(access: RunAccess, run_id: str) -> None:
    """A view has what is recorded of the run, its states in order with their moments."""
    view = FlowRunView.from_flow_run_id(run_id, source=access)
    assert (view.flow_run_id, view.name, view.labels) == (run_id, "amber-otter", [])
    assert view.state.is_successful()
    assert [type(state).__name__ for state in view.states] == ["Scheduled", "Running", "Success"]
    moments = [state.timestamp for state in view.states]  # type: ignore[attr-defined]
    assert moments == sorted(moments)
    assert moments[-1] <= view.updated_at
    assert repr(view) == (
        f"FlowRunView(flow_run_id='{run_id}', name='amber-otter', "
        'state=<Success: "All reference tasks succeeded.">, labels=[], cached_task_runs=0)'
    )


@pytest.mark.parametrize("wanted", [recorded.MISSING, "no uuid"])
def test_unknown(access: RunAccess, wanted: str) -> None:
    """A flow run that does not exist is a ValueError with the words of 1.4.1."""
    with pytest.raises(FlowRunNotFound, match="No flow runs found while querying for flow runs"):
        FlowRunView.from_flow_run_id(wanted, source=access)


def test_run_config_by_attributes(access: RunAccess, store: RunStore) -> None:
    """The run configuration is its wire form, with the keys as attributes."""
    flow_id = recorded.registered(store, recorded.example_flow())
    run = store.create_flow_run(flow_id, run_config={"type": "LocalRun", "env": {"A": "1"}})
    view = FlowRunView.from_flow_run_id(run.id, source=access)
    assert view.run_config.env.A == "1"


def test_log(access: RunAccess, store: RunStore, run_id: str) -> None:
    """The log is that up to the last change of the run, in order, within the moments asked for."""
    late = recorded.now() + timedelta(hours=1)
    store.write_logs([NewLog(run_id, "too late", level="ERROR", timestamp=late)])
    view = FlowRunView.from_flow_run_id(run_id, source=access)
    lines = view.get_logs()
    assert [line.message for line in lines] == ["Beginning", "Ending"]
    assert [line.level for line in lines] == [logging.INFO, logging.INFO]
    after = view.get_logs(start_time=lines[0].timestamp, end_time=late)
    assert [(line.message, line.level) for line in after] == [
        ("Ending", logging.INFO),
        ("too late", logging.ERROR),
    ]


def test_log_from_dictionary() -> None:
    """A line is made of what the API sends, as in 1.4.1."""
    line = FlowRunLog.from_dict(
        {"timestamp": "2021-05-12T18:00:01.696849+00:00", "level": "INFO", "message": "hi"}
    )
    assert (line.timestamp.year, line.level, line.message) == (2021, logging.INFO, "hi")


def test_task_runs_are_kept(store: RunStore, run_id: str) -> None:
    """A finished task run is asked for once, by slug or id, and handed on to the latest view."""
    client = ApiOfStore(store)
    view = FlowRunView.from_flow_run_id(run_id, source=client)
    child = view.get_task_run(task_slug="inc-1", map_index=2)
    asked = len(client.requests)
    assert view.get_task_run("inc-1", map_index=2) is child
    assert view.get_task_run(task_run_id=child.task_run_id, map_index=2) is child
    assert len(client.requests) == asked
    assert view.get_latest().get_task_run("inc-1", map_index=2) is child


def test_unfinished_task_runs_are_asked_for_again(access: RunAccess, store: RunStore) -> None:
    """A task run that is not finished is not kept."""
    flow_id = recorded.registered(store, recorded.example_flow())
    run = store.create_flow_run(flow_id)
    made = store.get_or_create_task_run(run.id, task_slug="foo-1")
    view = FlowRunView.from_flow_run_id(run.id, source=access)
    assert view.get_task_run("foo-1").state.is_scheduled()
    store.set_task_run_states([NewState(made.id, Running().serialize())])
    assert view.get_task_run("foo-1").state.is_running()


def test_contradictions(access: RunAccess, run_id: str) -> None:
    """What is given beside an id must be true of that task run, in the words of 1.4.1."""
    view = FlowRunView.from_flow_run_id(run_id, source=access)
    task_run_id = view.get_task_run("foo-1").task_run_id
    with pytest.raises(ValueError, match="has a different slug! `task_slug == 'inc-1'`"):
        view.get_task_run(task_run_id=task_run_id, task_slug="inc-1")
    with pytest.raises(ValueError, match="has a different map index! `map_index == 3`"):
        view.get_task_run(task_run_id=task_run_id, map_index=3)
    with pytest.raises(ValueError, match="One of `task_run_id`, `task`, or `task_slug`"):
        view.get_task_run()


def test_static_tasks(access: RunAccess, run_id: str) -> None:
    """Task runs that are no children can be kept from the start."""
    view = FlowRunView.from_flow_run_id(run_id, load_static_tasks=True, source=access)
    assert "cached_task_runs=4" in repr(view)
    assert "cached_task_runs=4" in repr(view.get_latest(load_static_tasks=True))


def test_all_task_runs(access: RunAccess, run_id: str, monkeypatch: Any) -> None:
    """All task runs come at once, those that were kept among them; too many are refused."""
    view = FlowRunView.from_flow_run_id(run_id, source=access)
    kept = view.get_task_run("foo-1")
    runs = view.get_all_task_runs()
    assert len(runs) == 10
    assert any(run is kept for run in runs)
    assert {run.task_run_id for run in runs} == set(view.get_task_run_ids())
    assert view.get_task_run_ids() is view.get_task_run_ids()
    monkeypatch.setattr(flow_run, "MOST_AT_ONCE", 9)
    with pytest.raises(ValueError, match="is not read at once"):
        view.get_all_task_runs()


def test_flow_metadata(access: RunAccess, run_id: str) -> None:
    """The flow is asked for once, unless it is wanted anew."""
    view = FlowRunView.from_flow_run_id(run_id, source=access)
    flow = view.get_flow_metadata()
    assert flow.name == "example-mapped"
    assert view.get_flow_metadata() is flow
    assert view.get_flow_metadata(no_cache=True) is not flow


def test_pickled(store: RunStore, run_id: str) -> None:
    """A view is the result of a task, so it goes to other processes."""
    view = FlowRunView.from_flow_run_id(run_id, load_static_tasks=True, source=store)
    again = pickle.loads(pickle.dumps(view))
    assert repr(again) == repr(view)
    assert again.get_task_run("foo-1").get_result() == "foobar!"
