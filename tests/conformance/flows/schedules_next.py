"""What schedules say comes next: intervals, cron, rrules, filters, adjustments."""

from datetime import time, timedelta

import pendulum
from dateutil import rrule
from prefect import Flow
from prefect.schedules import (
    CronSchedule,
    IntervalSchedule,
    RRuleSchedule,
    Schedule,
    adjustments,
    clocks,
    filters,
)

flow = Flow("schedules-next")
start = pendulum.datetime(2020, 2, 27, 22)


def attempt(call):
    try:
        return [str(d) for d in call()]
    except Exception as exc:
        return exc


def observe(flow, states):
    hourly = clocks.IntervalClock(timedelta(hours=5), start_date=start)
    cases = [
        lambda: IntervalSchedule(start, timedelta(days=1)).next(3, after=start),
        lambda: IntervalSchedule(start, timedelta(days=1), end_date=start.add(days=2)).next(
            9, after=start.subtract(days=1)
        ),
        lambda: IntervalSchedule(start, timedelta(seconds=0)).next(1),
        lambda: CronSchedule("bad cron").next(1),
        lambda: RRuleSchedule(rrule.rrule(rrule.WEEKLY, dtstart=start, count=3)).next(
            5, after=start.subtract(days=1)
        ),
        lambda: Schedule([hourly], filters=[filters.is_weekday]).next(3, after=start),
        lambda: Schedule(
            [hourly], or_filters=[filters.at_time(time(3)), filters.is_month_start]
        ).next(3, after=start),
        lambda: Schedule([hourly], not_filters=[filters.between_times(time(0), time(12))]).next(
            3, after=start
        ),
        lambda: Schedule(
            [hourly], adjustments=[adjustments.add(timedelta(minutes=5)), adjustments.next_weekday]
        ).next(4, after=start),
        lambda: Schedule([hourly, clocks.DatesClock([start.add(hours=1)])]).next(3, after=start),
        lambda: [e.start_time for e in Schedule([hourly]).next(2, after=start, return_events=True)],
        lambda: [
            filters.is_weekend(start),
            filters.is_month_end(start),
            filters.on_date(2, 27)(start),
        ],
        lambda: [filters.between_dates(2, 1, 3, 1)(start), filters.is_day_of_week(3)(start)],
        lambda: IntervalSchedule(
            pendulum.datetime(2020, 3, 7, tz="America/New_York"), timedelta(days=1)
        ).next(3, after=pendulum.datetime(2020, 3, 7)),
    ]
    return [attempt(c) for c in cases]
