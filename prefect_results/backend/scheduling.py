"""Schedules that are active get their flow runs, ahead of time.

What belongs here: which runs a schedule asks for, and making or removing them. What does not:
executing them (`agent`) and when a schedule emits events (`schedules`). The service of Prefect
Server that does this is its scheduler; here it is a thread of the server and of each agent, and
any number of them may look at one store.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone

from marshmallow import ValidationError

from prefect_results.backend.store import Flow, FlowRun, RunStore
from prefect_results.core.schedule_schemas import ScheduleSchema
from prefect_results.exceptions import PrefectError, RecordNotFound
from prefect_results.logging import get_logger
from prefect_results.schedules.clocks import ClockEvent

AHEAD = 10
"""How many runs of a flow are there ahead of time (Prefect Server)."""
INTERVAL = 15.0
"""Seconds between looks at the schedules."""
_SOON = timedelta(seconds=5)


def follow_schedules(store: RunStore, *, ahead: int = AHEAD, now: datetime | None = None) -> int:
    """Make the next runs of flows whose schedules are active, and remove those of others.

    A run that a schedule asks for is made once, whoever looks how often. Runs that are scheduled
    for later are removed when their flow is archived or its schedule is switched off.

    Args:
        store: Where flows are registered.
        ahead: How many runs of a flow are to be there.
        now: A timezone-aware moment; runs are made for moments after it.

    Returns:
        How many runs were made.
    """
    moment = now or datetime.now(timezone.utc)
    flows = store.list_flows(archived=False, schedule_active=True)
    waiting = [run for run in _scheduled(store) if run.auto_scheduled]
    active = {flow.id for flow in flows}
    for run in waiting:
        due = run.scheduled_start_time
        if run.flow_id not in active and due is not None and due > moment + _SOON:
            _remove(store, run)
    there = {(run.flow_id, run.scheduled_start_time) for run in waiting}
    made = 0
    for flow in flows:
        for event in _events(flow, ahead, moment):
            if (flow.id, event.start_time.astimezone(timezone.utc)) not in there:
                _make(store, flow, event)
                made += 1
    return made


def _scheduled(store: RunStore) -> Iterator[FlowRun]:
    after = None
    while True:
        page = store.list_flow_runs(states=["Scheduled"], after=after, limit=1000)
        yield from page.items
        after = page.next
        if after is None:
            return


def _events(flow: Flow, ahead: int, moment: datetime) -> list[ClockEvent]:
    if not flow.schedule:
        return []
    try:
        schedule = ScheduleSchema().load(flow.schedule)
    except ValidationError as exc:
        get_logger("scheduler").warning(
            "Flow %r (version %s) gets no runs, as its schedule cannot be read: %s",
            *(flow.name, flow.version, exc),
        )
        return []
    events: list[ClockEvent] = schedule.next(ahead, after=moment, return_events=True)
    return events


def _make(store: RunStore, flow: Flow, event: ClockEvent) -> None:
    start = event.start_time.astimezone(timezone.utc)
    try:
        store.create_flow_run(
            flow.id,
            parameters=event.parameter_defaults,
            labels=event.labels,
            scheduled_start_time=start,
            auto_scheduled=True,
            idempotency_key=f"auto-scheduled:{start.isoformat()}",
        )
    except RecordNotFound:
        pass  # the flow was deleted meanwhile


def _remove(store: RunStore, run: FlowRun) -> None:
    try:
        store.delete_flow_run(run.id)
    except RecordNotFound:
        pass  # somebody else was quicker


@contextmanager
def following_schedules(store: RunStore, interval: float = INTERVAL) -> Iterator[None]:
    """Look at the schedules of a store now and then, in a thread, as long as the block lasts.

    Args:
        store: Where flows are registered.
        interval: Seconds between two looks.
    """
    over = threading.Event()

    def look() -> None:
        while True:
            try:
                follow_schedules(store)
            except PrefectError as exc:
                get_logger("scheduler").warning("Schedules could not be followed: %s", exc)
            if over.wait(interval):
                return

    thread = threading.Thread(target=look, name="scheduler", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
