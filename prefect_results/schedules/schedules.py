"""Schedules: clocks with filters and adjustments, and the words for the common ones."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable
from typing import TYPE_CHECKING

from prefect_results.schedules.clocks import CronClock, IntervalClock, RRuleClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime, timedelta
    from typing import Any

    from dateutil.rrule import rrulebase

    from prefect_results.schedules.clocks import Clock, ClockEvent

    Filter = Callable[[datetime], bool]
    Adjustment = Callable[[datetime], datetime]

# Filters may reject everything that endless clocks emit.
MAX_CHECKED_EVENTS = 10_000


class Schedule:
    """Says when flow runs start.

    The events of all clocks are merged, and equal ones taken once. One is emitted if all
    ``filters``, at least one of the ``or_filters`` (if there are any) and none of the
    ``not_filters`` hold for it; then each of the ``adjustments`` moves it.

    Args:
        clocks: The clocks, at least one.
        filters: Functions of a datetime to bool; see :mod:`prefect_results.schedules.filters`.
        or_filters: The same.
        not_filters: The same.
        adjustments: Functions of a datetime to another; see
            :mod:`prefect_results.schedules.adjustments`.

    Raises:
        TypeError: if ``clocks`` is not iterable.
    """

    def __init__(
        self,
        clocks: list[Clock],
        filters: list[Filter] | None = None,
        or_filters: list[Filter] | None = None,
        not_filters: list[Filter] | None = None,
        adjustments: list[Adjustment] | None = None,
    ) -> None:
        if not isinstance(clocks, Iterable):
            raise TypeError("clocks should be a list of clocks.")
        self.clocks = clocks
        self.filters = filters or []
        self.or_filters = or_filters or []
        self.not_filters = not_filters or []
        self.adjustments = adjustments or []

    @property
    def start_date(self) -> datetime | None:
        """The earliest start date of the clocks, None if none has one."""
        return min((c.start_date for c in self.clocks if c.start_date), default=None)

    @property
    def end_date(self) -> datetime | None:
        """The latest end date of the clocks, None if none has one."""
        return max((c.end_date for c in self.clocks if c.end_date), default=None)

    def next(self, n: int, after: datetime | None = None, return_events: bool = False) -> list[Any]:
        """The next moments at which flow runs start.

        Args:
            n: How many; there may be less if 10,000 events had to be looked at.
            after: Only moments after this one (before adjustment); now by default.
            return_events: Whether to return events instead of datetimes.

        Returns:
            Datetimes, or :class:`~prefect_results.schedules.clocks.ClockEvent` objects.
        """
        checked = itertools.islice(self._events_in_order(after), MAX_CHECKED_EVENTS)
        wanted = (event for event in checked if self._is_wanted(event.start_time))
        found = list(itertools.islice(wanted, n))
        for event in found:
            event.start_time = self._adjusted(event.start_time)
        return found if return_events else [event.start_time for event in found]

    def _events_in_order(self, after: datetime | None = None) -> Iterator[ClockEvent]:
        previous: ClockEvent | None = None
        sources = [clock.events(after=after) for clock in self.clocks]
        for event in heapq.merge(*sources, key=lambda event: event.start_time):
            if previous is None or event != previous:
                # A later adjustment of the emitted event must not make its twin look different.
                previous = type(event)(event.start_time, event.parameter_defaults, event.labels)
                yield event

    def _is_wanted(self, dt: datetime) -> bool:
        return (
            all(accepts(dt) for accepts in self.filters)
            and (not self.or_filters or any(accepts(dt) for accepts in self.or_filters))
            and not any(rejects(dt) for rejects in self.not_filters)
        )

    def _adjusted(self, dt: datetime) -> datetime:
        for adjust in self.adjustments:
            dt = adjust(dt)
        return dt


def IntervalSchedule(
    start_date: datetime | None = None,
    interval: timedelta | None = None,
    end_date: datetime | None = None,
) -> Schedule:
    """A schedule with one :class:`~prefect_results.schedules.clocks.IntervalClock`.

    Args:
        start_date: The first moment; 2019-01-01 00:00 UTC by default.
        interval: The interval, greater than 0; required.
        end_date: When it ends.

    Raises:
        TypeError: if ``interval`` is no timedelta.
        ValueError: if it is not greater than 0.
    """
    clock = IntervalClock(
        interval=interval,  # type: ignore[arg-type]
        start_date=start_date,
        end_date=end_date,
    )
    return Schedule(clocks=[clock])


def CronSchedule(
    cron: str,
    start_date: datetime | None = None,
    end_date: datetime | None = None,
    day_or: bool | None = None,
) -> Schedule:
    """A schedule with one :class:`~prefect_results.schedules.clocks.CronClock`.

    Args:
        cron: The cron expression.
        start_date: When it begins.
        end_date: When it ends.
        day_or: Whether day of month and day of week are joined with "or", the default.

    Raises:
        ValueError: if the expression is invalid.
    """
    return Schedule(
        clocks=[CronClock(cron=cron, start_date=start_date, end_date=end_date, day_or=day_or)]
    )


def RRuleSchedule(
    rrule_obj: rrulebase,
    start_date: datetime | None = None,
    end_date: datetime | None = None,
) -> Schedule:
    """A schedule with one :class:`~prefect_results.schedules.clocks.RRuleClock`.

    Args:
        rrule_obj: The rule or set of rules, from dateutil.
        start_date: When it begins.
        end_date: When it ends.

    Raises:
        TypeError: if ``rrule_obj`` is no rule.
    """
    return Schedule(clocks=[RRuleClock(rrule_obj, start_date, end_date)])
