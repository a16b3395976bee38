"""Clocks: their dates, their limits, and summer time."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import pendulum
import pytest
from dateutil import rrule
from hypothesis import given
from hypothesis import strategies as st

from prefect_results.schedules.clocks import (
    Clock,
    ClockEvent,
    CronClock,
    DatesClock,
    IntervalClock,
    RRuleClock,
)

NY = "America/New_York"
START = pendulum.datetime(2018, 1, 1)


def dates(clock: Clock, count: int, after: datetime | None = None) -> list[Any]:
    """The first dates of a clock."""
    return [event.start_time for event in islice(clock.events(after=after), count)]


def test_events_compare_by_time() -> None:
    """With each other and with datetimes; equal ones agree in everything."""
    event = ClockEvent(START, {"a": 1}, ["l"])
    assert event == ClockEvent(START, {"a": 1}, ["l"]) == event and event == START and event != 1
    assert event != ClockEvent(START, {"a": 2}, ["l"]) and event != ClockEvent(START)
    later = ClockEvent(START.add(days=1))
    assert event < later and later > event and event < START.add(days=1) and later > START
    for compare in ("__lt__", "__gt__"):
        with pytest.raises(TypeError, match="not supported between instances of 'ClockEvent' and"):
            getattr(event, compare)(1)
    assert repr(event) == f"<{START},['l'],{{'a': 1}}>"


def test_the_base_clock_emits_nothing() -> None:
    """Subclasses do; parameters and labels are kept."""
    with pytest.raises(NotImplementedError):
        Clock().events()
    clock = IntervalClock(timedelta(1), parameter_defaults={"x": 42}, labels=["dev"])
    (event,) = islice(clock.events(), 1)
    assert (event.parameter_defaults, event.labels) == ({"x": 42}, ["dev"])
    assert (CronClock("* * * * *").parameter_defaults, CronClock("* * * * *").labels) == ({}, None)


def test_intervals_are_positive_timedeltas() -> None:
    """Anything else makes no clock."""
    for bad in (0, "1", None):
        with pytest.raises(TypeError, match="Interval must be a timedelta"):
            IntervalClock(bad)  # type: ignore[arg-type]
    for negative in (timedelta(0), timedelta(seconds=-1)):
        with pytest.raises(ValueError, match="Interval must be greater than 0"):
            IntervalClock(negative)


def test_interval_dates() -> None:
    """From the start date on, or after any other moment, up to the end date."""
    clock = IntervalClock(timedelta(days=1), start_date=START)
    assert dates(clock, 3, START) == [START.add(days=day) for day in (1, 2, 3)]
    assert dates(clock, 2, START.subtract(years=1)) == [START, START.add(days=1)]
    assert dates(clock, 1, START.add(days=5, hours=1)) == [START.add(days=6)]
    assert dates(clock, 1, datetime(2018, 1, 2)) == [START.add(days=2)]
    assert dates(clock, 1)[0] > pendulum.now("utc")
    ending = IntervalClock(timedelta(days=1), start_date=START, end_date=START.add(days=2))
    assert dates(ending, 9, START) == [START.add(days=1), START.add(days=2)]
    assert dates(ending, 9) == []
    default = IntervalClock(timedelta(days=1))
    assert dates(default, 1, datetime(2000, 1, 1)) == [pendulum.datetime(2019, 1, 1)]


def test_sub_second_intervals() -> None:
    """Milliseconds are kept."""
    clock = IntervalClock(timedelta(milliseconds=1), start_date=START)
    assert dates(clock, 2, START) == [START.add(microseconds=1000), START.add(microseconds=2000)]


@pytest.mark.parametrize("start", [(2018, 3, 9, 9), (2018, 11, 2, 9)])
def test_whole_days_follow_the_wall_clock(start: tuple[int, int, int, int]) -> None:
    """Nine o'clock stays nine o'clock through both changes of the clocks."""
    first = pendulum.datetime(*start, tz=NY)
    clock = IntervalClock(timedelta(days=1), start_date=first)
    found = dates(clock, 5, first.subtract(hours=1))
    assert [one.in_tz(NY).hour for one in found] == [9] * 5
    for at, one in enumerate(found):
        assert dates(clock, 1, one.subtract(minutes=30)) == [one]
        assert dates(clock, 1, one)[0] > one
        assert one == first.add(days=at)


@pytest.mark.parametrize(
    ("start", "hours"),
    [((2018, 3, 11, 0), [1, 3, 4, 5]), ((2018, 11, 4, 0), [1, 1, 2, 3])],
)
def test_hours_follow_elapsed_time(start: tuple[int, int, int, int], hours: list[int]) -> None:
    """Each hour counts once, whatever the wall clock shows."""
    first = pendulum.datetime(*start, tz=NY)
    found = dates(IntervalClock(timedelta(hours=1), start_date=first), 4, first)
    assert [one.in_tz(NY).hour for one in found] == hours
    assert [one.in_tz("UTC") for one in found] == [
        first.in_tz("UTC").add(hours=n) for n in range(1, 5)
    ]


@given(
    st.datetimes(datetime(2015, 1, 1), datetime(2025, 1, 1)),
    st.datetimes(datetime(2015, 1, 1), datetime(2025, 1, 1)),
    st.timedeltas(timedelta(minutes=10), timedelta(days=40)),
    st.sampled_from(["UTC", NY, "Australia/Lord_Howe"]),
)
def test_interval_dates_are_complete(
    start: datetime, after: datetime, interval: timedelta, zone: str
) -> None:
    """They grow, come after the given moment, and none is left out before the first."""
    first, moment = pendulum.instance(start, tz=zone), pendulum.instance(after, tz=zone)
    clock = IntervalClock(interval, start_date=first)
    found = dates(clock, 4, moment)
    assert found == sorted(set(found)) and moment < found[0] and first <= found[0]
    if found[0] > first:
        assert dates(clock, 1, found[0].subtract(seconds=1)) == [found[0]]
        step = found[0] - max(moment, first)
        assert step.total_seconds() <= interval.total_seconds() + 3600


def test_cron_expressions_are_checked() -> None:
    """An invalid one makes no clock."""
    for bad in ("blarg", "* * 32 1 1", ""):
        with pytest.raises(ValueError, match="Invalid cron string"):
            CronClock(bad)


def test_cron_dates() -> None:
    """After any moment, from the start date on and that included, up to the end date."""
    daily = CronClock("0 0 * * *")
    after = pendulum.datetime(2018, 1, 1, 5)
    assert dates(daily, 2, after) == [pendulum.datetime(2018, 1, 2), pendulum.datetime(2018, 1, 3)]
    assert dates(daily, 1, START) == [START.add(days=1)]
    assert dates(CronClock("0 0 * * *", start_date=START), 1, START.subtract(days=5)) == [START]
    ending = CronClock("0 0 * * *", start_date=START, end_date=START.add(days=1))
    assert dates(ending, 9, START.subtract(days=1)) == [START, START.add(days=1)]
    assert dates(daily, 1)[0] == pendulum.now("utc").add(days=1).start_of("day")
    assert dates(CronClock("0 0 30 2 *"), 1, START) == []


def test_cron_sees_microseconds() -> None:
    """A start just after midnight has missed it."""
    clock = CronClock("0 0 * * *", start_date=pendulum.datetime(2020, 1, 1, 0, 0, 0, 1))
    assert dates(clock, 1, START) == [pendulum.datetime(2020, 1, 2)]


def test_cron_joins_days_as_one_says() -> None:
    """With "or", as cron does, or with "and"."""
    either = CronClock("0 0 1-7 * 5")
    both = CronClock("0 0 1-7 * 5", day_or=False)
    assert either.day_or and len(dates(either, 8, START)) == 8
    assert [one.day for one in dates(either, 4, START)] == [2, 3, 4, 5]
    assert [one.date().isoformat() for one in dates(both, 2, START)] == ["2018-01-05", "2018-02-02"]


def test_cron_follows_the_wall_clock_when_clocks_go_forward() -> None:
    """An hourly clock skips the hour that is missing; a daily one keeps its hour."""
    start = pendulum.datetime(2018, 3, 11, 0, tz=NY)
    found = dates(CronClock("0 * * * *", start_date=start), 4, start)
    assert [one.in_tz(NY).hour for one in found] == [1, 3, 4, 5]
    assert [one.in_tz("UTC").hour for one in found] == [6, 7, 8, 9]
    daily = dates(CronClock("0 9 * * *", start_date=start), 3, start.subtract(days=1))
    assert [one.in_tz(NY).hour for one in daily] == [9, 9, 9]


def test_cron_follows_the_wall_clock_when_clocks_go_back() -> None:
    """The repeated hour counts once, so there are two hours of pause."""
    start = pendulum.datetime(2018, 11, 4, 0, tz=NY)
    found = dates(CronClock("0 * * * *", start_date=start), 4, start.subtract(hours=1))
    assert [one.in_tz(NY).hour for one in found] == [0, 1, 2, 3]
    assert [one.in_tz("UTC").hour for one in found] == [4, 5, 7, 8]
    inside = pendulum.datetime(2018, 11, 4, 6, 30, tz="UTC")
    assert dates(CronClock("*/10 * * * *", start_date=start), 1, inside)[0].in_tz(NY).hour == 2


def test_cron_survives_a_missing_midnight() -> None:
    """In Santiago the clocks go forward at midnight; the day's run is right after."""
    start = pendulum.datetime(2019, 9, 7, tz="America/Santiago")
    found = dates(CronClock("0 0 * * *", start_date=start), 3, start.subtract(seconds=1))
    assert [(one.day, one.hour) for one in found] == [(7, 0), (8, 1), (9, 0)]


def test_given_dates() -> None:
    """Sorted, and only what is to come."""
    clock = DatesClock([START.add(days=2), START, START.add(days=1)])
    assert (clock.start_date, clock.end_date) == (START, START.add(days=2))
    assert dates(clock, 9, START) == [START.add(days=1), START.add(days=2)]
    assert dates(clock, 9) == []
    with pytest.raises(ValueError):
        DatesClock([])


def test_recurrence_rules() -> None:
    """Naive dates are UTC; sets of rules work; limits are kept."""
    rule = rrule.rrule(rrule.DAILY, dtstart=datetime(2018, 1, 1), count=5)
    assert dates(RRuleClock(rule), 2, START) == [START.add(days=1), START.add(days=2)]
    limited = RRuleClock(rule, start_date=START.add(days=2), end_date=START.add(days=3))
    assert dates(limited, 9, START) == [START.add(days=2), START.add(days=3)]
    both = rrule.rruleset()
    both.rrule(rule)
    both.exdate(datetime(2018, 1, 2))
    assert dates(RRuleClock(both), 9, START) == [START.add(days=day) for day in (2, 3, 4)]
    assert dates(RRuleClock(rule), 9) == []
    aware = rrule.rrule(rrule.DAILY, dtstart=START, count=3)
    assert dates(RRuleClock(aware), 1, datetime(2018, 1, 1, 5)) == [START.add(days=1)]
    with pytest.raises(TypeError, match="rrule_obj must be an rrule or rruleset"):
        RRuleClock("x")  # type: ignore[arg-type]
