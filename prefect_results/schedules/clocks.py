"""Clocks: what emits the events of a schedule."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from dateutil.rrule import rrulebase
    from pendulum import DateTime


class ClockEvent:
    """A moment at which a flow run should start, and what it should start with.

    Events compare by their start time, also with datetimes.

    Args:
        start_time: The moment.
        parameter_defaults: Parameters of the flow run.
        labels: Labels of the flow run.
    """

    __slots__ = ("labels", "parameter_defaults", "start_time")

    def __init__(
        self,
        start_time: datetime,
        parameter_defaults: dict[str, Any] | None = None,
        labels: list[str] | None = None,
    ) -> None:
        self.start_time = start_time
        self.parameter_defaults = parameter_defaults or {}
        self.labels = labels

    def __eq__(self, other: object) -> bool:
        if isinstance(other, datetime):
            return self.start_time == other
        return (
            isinstance(other, ClockEvent)
            and self.start_time == other.start_time
            and self.parameter_defaults == other.parameter_defaults
            and self.labels == other.labels
        )

    __hash__ = None  # type: ignore[assignment]

    def __gt__(self, other: datetime | ClockEvent) -> bool:
        return self.start_time > self._moment(other, ">")

    def __lt__(self, other: datetime | ClockEvent) -> bool:
        return self.start_time < self._moment(other, "<")

    def _moment(self, other: Any, symbol: str) -> datetime:
        if isinstance(other, ClockEvent):
            return other.start_time
        if isinstance(other, datetime):
            return other
        raise TypeError(
            f"'{symbol}' not supported between instances of 'ClockEvent' and {type(other).__name__}"
        )

    def __repr__(self) -> str:
        return f"<{self.start_time},{self.labels},{self.parameter_defaults}>"


class Clock:
    """Base of the clocks.

    Args:
        start_date: When it begins; a naive one is UTC.
        end_date: When it ends; an event at that very moment is still emitted.
        parameter_defaults: Parameters of the flow runs that it starts.
        labels: Labels of those flow runs.
    """

    def __init__(
        self,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
        parameter_defaults: dict[str, Any] | None = None,
        labels: list[str] | None = None,
    ) -> None:
        self.start_date = _instance(start_date)
        self.end_date = _instance(end_date)
        self.parameter_defaults = parameter_defaults or {}
        self.labels = labels

    def events(self, after: datetime | None = None) -> Iterable[ClockEvent]:
        """The events of this clock, in order; there may be no end of them.

        Args:
            after: Only events after this moment; now by default.
        """
        raise NotImplementedError("Must be implemented on Clock subclasses")

    def _event(self, start_time: datetime) -> ClockEvent:
        return ClockEvent(
            start_time=start_time,
            parameter_defaults=self.parameter_defaults,
            labels=self.labels,
        )


def _instance(moment: datetime | None) -> DateTime | None:
    if moment is None:
        return None
    import pendulum

    return pendulum.instance(moment)


class IntervalClock(Clock):
    """Emits an event each time an interval has passed since the start date.

    Whole days follow the wall clock of the start date's time zone: a daily clock that fires at
    9 goes on to do so when summer time begins. What is less than a day follows elapsed time.

    Args:
        interval: The interval, greater than 0.
        start_date: The first event; 2019-01-01 00:00 UTC by default.
        end_date: When it ends.
        parameter_defaults: Parameters of the flow runs that it starts.
        labels: Labels of those flow runs.

    Raises:
        TypeError: if ``interval`` is no timedelta.
        ValueError: if it is not greater than 0.
    """

    def __init__(
        self,
        interval: timedelta,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
        parameter_defaults: dict[str, Any] | None = None,
        labels: list[str] | None = None,
    ) -> None:
        if not isinstance(interval, timedelta):
            raise TypeError("Interval must be a timedelta.")
        if interval.total_seconds() <= 0:
            raise ValueError("Interval must be greater than 0.")
        self.interval = interval
        super().__init__(start_date, end_date, parameter_defaults, labels)

    def events(self, after: datetime | None = None) -> Iterator[ClockEvent]:
        """The events of this clock after a moment, without end unless there is an end date.

        Args:
            after: Only events after this moment; now by default.
        """
        import pendulum

        after = pendulum.now("utc") if after is None else pendulum.instance(after)
        start = self.start_date or pendulum.datetime(2019, 1, 1)
        step = timedelta(seconds=self.interval.total_seconds())
        elapsed = timedelta(seconds=(after - start).total_seconds())
        # One day back, because a change of the clocks moves the wall clock against elapsed time.
        count = max((elapsed - timedelta(days=1)) // step, 0)
        while True:
            offset = step * count
            moment = start.add(
                days=offset.days, seconds=offset.seconds, microseconds=offset.microseconds
            )
            count += 1
            if moment.timestamp() <= after.timestamp():
                continue
            if self.end_date and moment > self.end_date:
                return
            yield self._event(moment)


class CronClock(Clock):
    """Emits an event at each moment that matches a cron expression.

    It follows the wall clock of the start date's time zone (UTC without one). When clocks are
    set back, a repeated time counts the first time only; when they are set forward, what falls
    into the gap happens right after it.

    Args:
        cron: The expression, as croniter reads it.
        start_date: When it begins.
        end_date: When it ends.
        parameter_defaults: Parameters of the flow runs that it starts.
        labels: Labels of those flow runs.
        day_or: Whether day of month and day of week are joined with "or" (cron's way, the
            default) or with "and".

    Raises:
        ValueError: if the expression is invalid.
    """

    def __init__(
        self,
        cron: str,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
        parameter_defaults: dict[str, Any] | None = None,
        labels: list[str] | None = None,
        day_or: bool | None = None,
    ) -> None:
        from croniter import croniter

        if not croniter.is_valid(cron):
            raise ValueError(f"Invalid cron string: {cron}")
        self.cron = cron
        self.day_or = True if day_or is None else day_or
        super().__init__(start_date, end_date, parameter_defaults, labels)

    def events(self, after: datetime | None = None) -> Iterator[ClockEvent]:
        """The events of this clock after a moment, without end unless there is an end date.

        Args:
            after: Only events after this moment; now by default.
        """
        import pendulum
        from croniter import CroniterBadDateError, croniter

        zone: Any = getattr(self.start_date, "tz", None) or "UTC"
        after = pendulum.now(zone) if after is None else pendulum.instance(after).in_tz(zone)
        if self.start_date is not None and after < self.start_date:
            after = self.start_date - timedelta(microseconds=1)
        # Croniter sees wall clock times without a zone, so its handling of zones does not matter.
        wall = datetime(after.year, after.month, after.day, after.hour, after.minute, after.second)
        moments = croniter(self.cron, wall, day_or=self.day_or)
        # Moments of one zone compare by their wall clocks, so elapsed seconds are compared.
        last = after.timestamp()
        while True:
            try:
                wall = moments.get_next(datetime)
            except CroniterBadDateError:
                return
            moment = pendulum.instance(wall.replace(fold=0), tz=zone)
            if moment.naive() != wall:
                # It falls into the gap of a change to summer time.
                moment = pendulum.instance(wall.replace(fold=1), tz=zone)
            if moment.timestamp() <= last:
                continue
            if self.end_date and moment > self.end_date:
                return
            last = moment.timestamp()
            yield self._event(moment)


class DatesClock(Clock):
    """Emits events at given dates.

    Args:
        dates: The dates, at least one.
        parameter_defaults: Parameters of the flow runs that it starts.
        labels: Labels of those flow runs.
    """

    def __init__(
        self,
        dates: list[datetime],
        parameter_defaults: dict[str, Any] | None = None,
        labels: list[str] | None = None,
    ) -> None:
        super().__init__(min(dates), max(dates), parameter_defaults, labels)
        self.dates = dates

    def events(self, after: datetime | None = None) -> Iterator[ClockEvent]:
        """The dates after a moment, in order.

        Args:
            after: Only events after this moment; now by default.
        """
        if after is None:
            import pendulum

            after = pendulum.now("UTC")
        for date in sorted(self.dates):
            if date > after:
                yield self._event(date)


class RRuleClock(Clock):
    """Emits the events of an iCalendar recurrence rule.

    Args:
        rrule_obj: The rule or set of rules, from dateutil.
        start_date: When it begins.
        end_date: When it ends.
        parameter_defaults: Parameters of the flow runs that it starts.
        labels: Labels of those flow runs.

    Raises:
        TypeError: if ``rrule_obj`` is no rule.
    """

    def __init__(
        self,
        rrule_obj: rrulebase,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
        parameter_defaults: dict[str, Any] | None = None,
        labels: list[str] | None = None,
    ) -> None:
        from dateutil import rrule

        if not isinstance(rrule_obj, rrule.rrulebase):
            raise TypeError("rrule_obj must be an rrule or rruleset, got: ", rrule_obj)
        super().__init__(start_date, end_date, parameter_defaults, labels)
        self.rrule_obj = rrule_obj

    def events(self, after: datetime | None = None) -> Iterator[ClockEvent]:
        """The moments of the rule after a moment; naive ones are UTC.

        Args:
            after: Only events after this moment; from now on, now included, by default.
        """
        import pendulum

        include = after is None
        if after is None:
            after = pendulum.now("UTC")
        if self.start_date is not None and after < self.start_date:
            after, include = self.start_date, True
        # A rule compares only with moments that have, or lack, a time zone as its own do.
        first = next(iter(self.rrule_obj), after)
        if first.tzinfo is None:
            after = after.replace(tzinfo=None)
        elif after.tzinfo is None:
            after = after.replace(tzinfo=first.tzinfo)
        for moment in self.rrule_obj.xafter(after, inc=include):
            aware = pendulum.instance(moment)
            if self.end_date and aware > self.end_date:
                return
            yield self._event(aware)
