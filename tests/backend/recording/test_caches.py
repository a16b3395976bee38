"""Cached states of recorded runs are found by later runs, in whichever process."""

from __future__ import annotations

import datetime

import pytest

from prefect_results import Flow, Parameter, context, task
from prefect_results.backend.store import open_store
from prefect_results.caching.validators import all_inputs
from prefect_results.executors import LocalDaskExecutor
from prefect_results.results import LocalResult
from prefect_results.states import Cached

HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def store(tmp_path):
    opened = open_store(tmp_path / "runs.db")
    yield opened
    opened.close()


def run(store, calls, name="f", values=(1, 2), later=None, **options):
    """Run a flow of one mapped task in which nothing is left of earlier runs; its children."""
    folder = calls.parent

    @task(cache_for=HOUR, cache_validator=all_inputs, **options)
    def double(x):
        with calls.open("a") as file:
            print(x, file=file)
        return 2 * x

    with Flow(name, result=LocalResult(str(folder), location="{task_run_id}")) as flow:
        doubled = double.map(Parameter("values"))
    executor = later and LocalDaskExecutor(scheduler=later, num_workers=2)
    with context(checkpointing=True, caches={}):
        state = flow.run(values=list(values), record=True, store=store, executor=executor)
    return state.result[doubled].map_states


@pytest.mark.parametrize("later", [None, "threads", "processes"])
def test_a_later_run_uses_what_an_earlier_one_recorded(store, tmp_path, later):
    """Each child finds its own value by its inputs; one that is new is computed."""
    calls = tmp_path / "calls"
    run(store, calls)
    children = run(store, calls, values=(2, 1, 3), later=later)
    assert [child.result for child in children] == [4, 2, 6]
    assert [type(child) for child in children] == [Cached] * 3
    assert sorted(calls.read_text().split()) == ["1", "2", "3"]


def test_a_cache_key_is_shared_by_flows(store, tmp_path):
    """Without one, the runs of another flow's task are not looked at."""
    calls = tmp_path / "calls"
    run(store, calls, values=[1], cache_key="doubles")
    run(store, calls, "other", values=[1], cache_key="doubles")
    assert calls.read_text().split() == ["1"]
    run(store, calls, "third", values=[1])
    assert calls.read_text().split() == ["1", "1"]


def test_a_value_that_is_gone_is_a_miss(store, tmp_path, caplog):
    """The task runs again, and the log says why."""
    calls = tmp_path / "calls"
    (child,) = run(store, calls, values=[1])
    (tmp_path / child._result.location).unlink()
    (again,) = run(store, calls, values=[1])
    assert again.result == 2 and calls.read_text().split() == ["1", "1"]
    assert "cannot be used, so it is computed again" in caplog.text
