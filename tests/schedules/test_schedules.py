"""Schedules: merged clocks, filters, adjustments, and their JSON form."""

from __future__ import annotations

import json
from datetime import datetime, time, timedelta
from typing import Any

import marshmallow
import pendulum
import pytest
from dateutil import rrule

from prefect_results.core.schedule_schemas import ScheduleSchema
from prefect_results.schedules import (
    CronSchedule,
    IntervalSchedule,
    RRuleSchedule,
    Schedule,
    adjustments,
    filters,
)
from prefect_results.schedules.clocks import CronClock, DatesClock, IntervalClock, RRuleClock

START = pendulum.datetime(2018, 1, 1)
DAILY = IntervalClock(timedelta(days=1), start_date=START)


def test_a_schedule_needs_clocks() -> None:
    """A list of them."""
    with pytest.raises(TypeError, match="clocks should be a list of clocks"):
        Schedule(clocks=1)  # type: ignore[arg-type]
    schedule = Schedule([])
    assert (schedule.start_date, schedule.end_date, schedule.next(3)) == (None, None, [])


def test_limits_are_those_of_the_clocks() -> None:
    """The earliest start and the latest end."""
    schedule = Schedule(
        [
            DAILY,
            IntervalClock(timedelta(1), start_date=START.add(days=5), end_date=START.add(days=9)),
            CronClock("0 0 * * *", end_date=START.add(days=7)),
        ]
    )
    assert (schedule.start_date, schedule.end_date) == (START, START.add(days=9))


def test_clocks_are_merged() -> None:
    """Equal events are emitted once, events that differ in their parameters each."""
    other = IntervalClock(timedelta(hours=12), start_date=START)
    assert Schedule([DAILY, other]).next(3, after=START) == [
        START.add(hours=hours) for hours in (12, 24, 36)
    ]
    own = IntervalClock(timedelta(days=1), start_date=START, parameter_defaults={"x": 1})
    events = Schedule([DAILY, own]).next(2, after=START, return_events=True)
    assert [event.parameter_defaults for event in events] == [{}, {"x": 1}]


def test_filters_decide() -> None:
    """All of `filters`, one of `or_filters`, none of `not_filters`."""
    hourly = IntervalClock(timedelta(hours=1), start_date=START)
    schedule = Schedule(
        [hourly],
        filters=[filters.is_weekday],
        or_filters=[filters.at_time(time(9)), filters.at_time(time(17))],
        not_filters=[filters.between_dates(1, 2, 1, 5)],
    )
    assert schedule.next(4, after=START) == [
        pendulum.datetime(2018, 1, *moment) for moment in ((1, 9), (1, 17), (8, 9), (8, 17))
    ]


def test_prohibitive_filters_end() -> None:
    """After ten thousand events nothing more is looked at."""
    assert Schedule([DAILY], filters=[lambda dt: False]).next(1, after=START) == []


def test_adjustments_move() -> None:
    """One after the other; a moved event does not swallow the next one."""
    schedule = Schedule([DAILY], adjustments=[adjustments.add(timedelta(days=1))])
    assert schedule.next(3, after=START) == [START.add(days=day) for day in (2, 3, 4)]
    schedule = Schedule(
        [DAILY],
        adjustments=[adjustments.next_weekday, adjustments.add(timedelta(hours=1))],
    )
    assert [one.day for one in schedule.next(3, after=START.add(days=3))] == [5, 8, 8]


def test_short_ways() -> None:
    """One clock each."""
    interval = IntervalSchedule(interval=timedelta(days=1), start_date=START)
    assert interval.next(1, after=START) == [START.add(days=1)]
    assert CronSchedule("0 0 * * *", start_date=START).next(1, after=START) == [START.add(days=1)]
    rule = rrule.rrule(rrule.DAILY, dtstart=datetime(2018, 1, 1))
    assert RRuleSchedule(rule, start_date=START).next(1, after=START) == [START.add(days=1)]
    with pytest.raises(TypeError, match="Interval must be a timedelta"):
        IntervalSchedule(START)


@pytest.mark.parametrize(
    "clock",
    [
        IntervalClock(
            timedelta(hours=1),
            start_date=pendulum.datetime(2018, 1, 1, tz="America/New_York"),
            end_date=pendulum.datetime(2030, 1, 1),
            parameter_defaults={"x": [1]},
            labels=["a"],
        ),
        CronClock("0 5 * * 1", start_date=START, day_or=False),
        DatesClock([START.add(days=1), START.add(days=4)]),
        RRuleClock(rrule.rrule(rrule.DAILY, dtstart=START, count=3)),
        RRuleClock(
            rrule.rrule(rrule.WEEKLY, dtstart=START, until=START.add(days=30)), start_date=START
        ),
    ],
    ids=lambda clock: type(clock).__name__,
)
def test_schedules_round_trip(clock: Any) -> None:
    """Through JSON, with the same dates, parameters and labels."""
    schedule = Schedule(
        [clock],
        filters=[filters.is_weekday],
        or_filters=[filters.between_times(time(0), time(12)), filters.at_time(time(13))],
        not_filters=[filters.on_datetime(START.add(days=9))],
        adjustments=[adjustments.add(timedelta(minutes=1)), adjustments.next_weekday],
    )
    loaded = ScheduleSchema().load(json.loads(json.dumps(ScheduleSchema().dump(schedule))))
    assert loaded.next(3, after=START, return_events=True) == schedule.next(
        3, after=START, return_events=True
    )
    assert type(loaded.clocks[0]) is type(clock)
    assert ScheduleSchema().dump(loaded) == ScheduleSchema().dump(schedule)


def test_rule_sets_round_trip() -> None:
    """Rules, dates and what is left out."""
    rules = rrule.rruleset()
    rules.rrule(rrule.rrule(rrule.DAILY, dtstart=START, count=9))
    rules.exrule(rrule.rrule(rrule.DAILY, dtstart=START, interval=2, count=9))
    rules.rdate(START.add(days=20))
    rules.exdate(START.add(days=3))
    schedule = RRuleSchedule(rules)
    loaded = ScheduleSchema().load(json.loads(json.dumps(ScheduleSchema().dump(schedule))))
    assert loaded.next(9, after=START) == schedule.next(9, after=START) != []


def test_what_cannot_be_deployed() -> None:
    """Intervals under a minute and custom filters are errors, going out and coming in."""
    short = IntervalSchedule(interval=timedelta(seconds=59))
    with pytest.raises(ValueError, match="can not be less than one minute"):
        ScheduleSchema().dump(short)
    dumped = ScheduleSchema().dump(IntervalSchedule(interval=timedelta(seconds=60)))
    assert dumped["clocks"][0]["interval"] == 60_000_000
    dumped["clocks"][0]["interval"] -= 1
    with pytest.raises(marshmallow.ValidationError, match="can not be less than one minute"):
        ScheduleSchema().load(dumped)
    custom = Schedule([DAILY], filters=[lambda dt: True])
    with pytest.raises(marshmallow.ValidationError, match="custom functions aren't supported"):
        ScheduleSchema().dump(custom)
