"""Runs that schedules ask for: made once and ahead, removed when nobody wants them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from prefect_results import Flow
from prefect_results.backend import scheduling
from prefect_results.backend.registering import register
from prefect_results.backend.scheduling import follow_schedules, following_schedules
from prefect_results.backend.store import FlowRun, RunStore, open_store
from prefect_results.exceptions import StoreUnavailable
from prefect_results.schedules import Schedule
from prefect_results.schedules.clocks import IntervalClock

NOON = datetime(2030, 1, 1, 12, tzinfo=timezone.utc)


@pytest.fixture
def store(store_url: str) -> Iterator[RunStore]:
    """An empty store, on both databases."""
    opened = open_store(store_url)
    opened.create_project("p")
    yield opened
    opened.close()


def registered(store: RunStore, **settings: Any) -> str:
    """A flow with an hourly schedule, whose runs have labels and parameters of their own."""
    clock = IntervalClock(timedelta(hours=1), parameter_defaults={"x": 1}, labels=["hourly"])
    flow = Flow("hourly", schedule=Schedule(clocks=[clock]))
    return register(flow, project_name="p", build=False, no_url=True, source=store, **settings)


def runs(store: RunStore) -> list[FlowRun]:
    """All flow runs, by their start."""
    found = store.list_flow_runs(limit=100).items
    return sorted(found, key=lambda run: str(run.scheduled_start_time))


def test_the_next_runs_are_made_once(store: RunStore) -> None:
    """Looking again makes nothing new; an hour later there is one more."""
    registered(store)
    assert follow_schedules(store, ahead=3, now=NOON) == 3
    made = runs(store)
    assert [run.scheduled_start_time for run in made] == [
        NOON + timedelta(hours=hour) for hour in (1, 2, 3)
    ]
    first = made[0]
    assert (first.state, first.auto_scheduled) == ("Scheduled", True)
    assert (first.parameters, first.labels) == ({"x": 1}, ["hourly"])
    assert follow_schedules(store, ahead=3, now=NOON) == 0
    assert follow_schedules(store, ahead=3, now=NOON + timedelta(hours=1)) == 1
    assert len(runs(store)) == 4


def test_two_who_look_at_once_make_one_run(store: RunStore) -> None:
    """What another one made since we looked is not made again."""
    flow = store.get_flow(registered(store))
    (event,) = scheduling._events(flow, 1, NOON)
    scheduling._make(store, flow, event)
    scheduling._make(store, flow, event)
    assert len(runs(store)) == 1


def test_an_inactive_schedule_has_no_runs(store: RunStore) -> None:
    """Runs for later go when the schedule is switched off; one that is due or by hand stays."""
    flow_id = registered(store, set_schedule_active=False)
    assert follow_schedules(store, now=NOON) == 0
    store.set_schedule_active(flow_id)
    assert follow_schedules(store, now=NOON) == scheduling.AHEAD
    by_hand = store.create_flow_run(flow_id, scheduled_start_time=NOON + timedelta(days=9))
    store.set_schedule_active(flow_id, False)
    follow_schedules(store, now=NOON + timedelta(hours=1))
    left = runs(store)
    assert [run.scheduled_start_time for run in left[:1]] == [NOON + timedelta(hours=1)]
    assert [run.id for run in left[1:]] == [by_hand.id]


def test_an_archived_flow_has_no_runs(store: RunStore) -> None:
    """The next version's schedule takes the place of that of the version before."""
    before = registered(store)
    follow_schedules(store, ahead=2, now=NOON)
    after = registered(store)
    follow_schedules(store, ahead=2, now=NOON)
    assert before != after
    assert {run.flow_id for run in runs(store)} == {after}


def test_a_schedule_that_cannot_be_read(store: RunStore, caplog: pytest.LogCaptureFixture) -> None:
    """It is said, and the other flows get their runs."""
    project = store.ensure_project("p")
    bad = store.register_flow(project.id, {"name": "bad", "schedule": {"clocks": "none"}})
    store.set_schedule_active(bad.id)
    registered(store)
    with caplog.at_level(logging.WARNING):
        assert follow_schedules(store, ahead=2, now=NOON) == 2
    assert "Flow 'bad' (version 1) gets no runs" in caplog.text


def test_a_thread_looks_as_long_as_the_block_lasts(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes on after an error of the store, and is gone behind the block."""
    looks, twice = [], threading.Event()

    def look(where: RunStore) -> int:
        looks.append(where)
        if len(looks) == 2:
            twice.set()
        raise StoreUnavailable("away")

    monkeypatch.setattr(scheduling, "follow_schedules", look)
    with following_schedules(store, interval=0.001):
        assert twice.wait(30)
    assert "scheduler" not in {thread.name for thread in threading.enumerate()}
