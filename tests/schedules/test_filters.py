"""Filters and adjustments."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pendulum
import pytest

from prefect_results.schedules import adjustments, filters


def test_moments() -> None:
    """One moment, or what lies between two."""
    day = datetime(2019, 1, 2, 3)
    assert filters.on_datetime(day)(pendulum.datetime(2019, 1, 2, 3).naive())
    assert not filters.on_datetime(day)(day + timedelta(seconds=1))
    between = filters.between_datetimes(day, day + timedelta(days=1))
    assert between(day) and between(day + timedelta(days=1))
    assert not between(day - timedelta(seconds=1)) and not between(day + timedelta(days=2))


def test_days_of_the_year() -> None:
    """One day, or a part of the year, which may reach over the new year."""
    assert filters.on_date(2, 29)(datetime(2020, 2, 29))
    assert not filters.on_date(2, 28)(datetime(2020, 2, 29))
    summer, winter = filters.between_dates(6, 21, 9, 22), filters.between_dates(12, 21, 3, 20)
    for month, day in ((6, 21), (7, 1), (9, 22)):
        assert summer(datetime(2019, month, day)) and not winter(datetime(2019, month, day))
    for month, day in ((12, 21), (1, 1), (3, 20)):
        assert winter(datetime(2019, month, day)) and not summer(datetime(2019, month, day))


def test_times_of_day() -> None:
    """One time, or a part of the day, which may reach over midnight."""
    assert filters.at_time(time(4))(datetime(2019, 1, 1, 4))
    assert not filters.at_time(time(4))(datetime(2019, 1, 1, 4, 0, 1))
    work, night = filters.between_times(time(9), time(17)), filters.between_times(time(22), time(6))
    assert [hour for hour in range(24) if work(datetime(2019, 1, 1, hour))] == [*range(9, 18)]
    assert [hour for hour in range(24) if night(datetime(2019, 1, 1, hour))] == [
        *range(7),
        *(22, 23),
    ]


def test_days_of_the_week() -> None:
    """Monday to Friday work; days are numbered from Monday."""
    week = [datetime(2019, 1, 7) + timedelta(days=day) for day in range(7)]
    assert [filters.is_weekday(day) for day in week] == [True] * 5 + [False] * 2
    assert [filters.is_weekend(day) for day in week] == [False] * 5 + [True] * 2
    assert [filters.is_day_of_week(index)(week[index]) for index in range(7)] == [True] * 7


def test_ends_of_months() -> None:
    """The first and the last day, in leap years too."""
    assert filters.is_month_start(datetime(2019, 1, 1)) and not filters.is_month_start(
        datetime(2019, 1, 2)
    )
    ends = [datetime(2020, 2, 29), datetime(2019, 2, 28), datetime(2019, 12, 31, 23)]
    assert all(map(filters.is_month_end, ends))
    assert not filters.is_month_end(datetime(2020, 2, 28))


@pytest.mark.parametrize("interval", [timedelta(days=1), timedelta(hours=-3)])
def test_adding(interval: timedelta) -> None:
    """Every date is moved by as much."""
    day = pendulum.datetime(2019, 1, 1)
    assert adjustments.add(interval)(day) == day + interval


def test_next_weekday() -> None:
    """Saturday and Sunday become Monday, at the same time."""
    assert adjustments.next_weekday(datetime(2019, 1, 4, 5)).day == 4
    for day in (5, 6, 7):
        assert adjustments.next_weekday(datetime(2019, 1, day, 5)) == pendulum.datetime(
            2019, 1, 7, 5
        )
