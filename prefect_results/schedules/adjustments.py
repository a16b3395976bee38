"""Adjustments: functions that move a datetime which passed a schedule's filters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefect_results.schedules.filters import is_weekday

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta


def add(interval: timedelta) -> Callable[[datetime], datetime]:
    """Move every date by the same interval.

    Args:
        interval: How far; backwards if negative.

    Returns:
        The adjustment.
    """

    def moved(dt: datetime) -> datetime:
        import pendulum

        return pendulum.instance(dt) + interval

    return moved


def next_weekday(dt: datetime) -> datetime:
    """Move a Saturday or Sunday to the Monday after it, at the same time of day."""
    import pendulum

    days = 0 if is_weekday(dt) else 8 - dt.isoweekday()
    return pendulum.instance(dt).add(days=days)
