"""Filters: functions of a datetime that say whether a schedule may emit it.

Months count from 1; times and dates are those of the datetime's own time zone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, time

    Filter = Callable[[datetime], bool]


def on_datetime(dt: datetime) -> Filter:
    """Allow one moment only.

    Args:
        dt: The moment.
    """

    def accepts(moment: datetime) -> bool:
        return moment == dt

    return accepts


def between_datetimes(start: datetime, end: datetime) -> Filter:
    """Allow what lies between two moments, both included.

    Args:
        start: The earlier moment.
        end: The later one.
    """

    def accepts(dt: datetime) -> bool:
        return start <= dt <= end

    return accepts


def on_date(month: int, day: int) -> Filter:
    """Allow one day of each year.

    Args:
        month: Its month, 1 to 12.
        day: Its day of the month.
    """

    def accepts(dt: datetime) -> bool:
        return (dt.month, dt.day) == (month, day)

    return accepts


def between_dates(start_month: int, start_day: int, end_month: int, end_day: int) -> Filter:
    """Allow a part of each year, both ends included; it may reach over the new year.

    Args:
        start_month: Month of the first day.
        start_day: First day.
        end_month: Month of the last day.
        end_day: Last day.
    """

    def accepts(dt: datetime) -> bool:
        date = (dt.month, dt.day)
        after_start, before_end = date >= (start_month, start_day), date <= (end_month, end_day)
        if start_month <= end_month:
            return after_start and before_end
        return after_start or before_end

    return accepts


def at_time(t: time) -> Filter:
    """Allow one time of day.

    Args:
        t: The time.
    """

    def accepts(dt: datetime) -> bool:
        return dt.time() == t

    return accepts


def between_times(start: time, end: time) -> Filter:
    """Allow a part of each day, both ends included; it may reach over midnight.

    Args:
        start: When it begins.
        end: When it ends.
    """

    def accepts(dt: datetime) -> bool:
        now = dt.time()
        return start <= now <= end if start <= end else now >= start or now <= end

    return accepts


def is_weekday(dt: datetime) -> bool:
    """Allow Monday to Friday."""
    return dt.isoweekday() < 6


def is_weekend(dt: datetime) -> bool:
    """Allow Saturday and Sunday."""
    return dt.isoweekday() > 5


def is_month_start(dt: datetime) -> bool:
    """Allow the first day of a month."""
    return dt.day == 1


def is_month_end(dt: datetime) -> bool:
    """Allow the last day of a month."""
    from calendar import monthrange

    return dt.day == monthrange(dt.year, dt.month)[1]


def is_day_of_week(day_of_week: int) -> Filter:
    """Allow one day of the week.

    Args:
        day_of_week: The day as ``datetime.weekday()`` numbers it: Monday is 0, Sunday 6. That
            is also what Prefect 1.4.1 does, though it says otherwise.
    """

    def accepts(dt: datetime) -> bool:
        return dt.weekday() == day_of_week

    return accepts
