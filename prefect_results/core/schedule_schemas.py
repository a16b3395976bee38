"""The schemas of schedules and clocks: the JSON form of Prefect 1.4.1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from marshmallow import ValidationError, fields, post_dump, post_load

from prefect_results.core.schema_fields import (
    DateTimeTZ,
    JSONCompatible,
    ObjectSchema,
    OneOfSchema,
    Seconds,
    StatefulFunctionReference,
)
from prefect_results.schedules import Schedule, adjustments, clocks, filters

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

FILTERS: list[Callable[..., Any]] = [
    filters.on_datetime,
    filters.on_date,
    filters.at_time,
    filters.between_datetimes,
    filters.between_dates,
    filters.between_times,
    filters.is_weekday,
    filters.is_weekend,
    filters.is_month_end,
    filters.is_day_of_week,
    filters.is_month_start,
]
ADJUSTMENTS: list[Callable[..., Any]] = [adjustments.add, adjustments.next_weekday]

_MINUTE = 60_000_000


class IntervalTooShort(ValidationError, ValueError):
    """An interval clock that is to be deployed fires more than once a minute."""

    def __init__(self) -> None:
        super().__init__(
            "Interval can not be less than one minute when deploying to Prefect Cloud."
        )


class _ClockFields(ObjectSchema):
    """What all clocks have."""

    parameter_defaults = fields.Dict(
        keys=fields.String(), values=JSONCompatible(allow_none=True), allow_none=True
    )
    labels = fields.List(fields.String(), allow_none=True)


class _BoundedClockFields(_ClockFields):
    """What clocks with a beginning and an end have."""

    start_date = DateTimeTZ(allow_none=True)
    end_date = DateTimeTZ(allow_none=True)


class IntervalClockSchema(_BoundedClockFields):
    """An interval clock; the interval is in microseconds, one minute at least."""

    class Meta:
        object_class = clocks.IntervalClock

    interval = Seconds(unit=1e-6, required=True)

    @post_dump
    def _check_dumped(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        if data["interval"] < _MINUTE:
            raise IntervalTooShort
        return data

    @post_load
    def create_object(self, data: dict[str, Any], **kwargs: Any) -> Any:
        """Make the clock."""
        if data["interval"].total_seconds() < 60:
            raise IntervalTooShort
        return super().create_object(data, **kwargs)


class CronClockSchema(_BoundedClockFields):
    """A cron clock."""

    class Meta:
        object_class = clocks.CronClock

    cron = fields.String(required=True)
    day_or = fields.Boolean(allow_none=True)


class DatesClockSchema(_ClockFields):
    """A clock of given dates."""

    class Meta:
        object_class = clocks.DatesClock

    dates = fields.List(DateTimeTZ(), required=True)


class RRuleSchema(ObjectSchema):
    """A recurrence rule: its text, which lacks time zones, and the two dates that have them."""

    rr = fields.Method("dump_rule", "load_rule")
    _dtstart = fields.DateTime(allow_none=True)
    _until = fields.DateTime(allow_none=True)

    def dump_rule(self, obj: Any) -> str:
        """The rule as text."""
        return str(obj)

    def load_rule(self, value: Any) -> Any:
        """The rule of a text."""
        from dateutil import rrule

        try:
            return rrule.rrulestr(value)
        except Exception as exc:
            raise ValidationError(f"Not a valid recurrence rule: {exc}") from exc

    @post_load
    def create_object(self, data: dict[str, Any], **kwargs: Any) -> Any:
        """Make the rule."""
        start = data.get("_dtstart")
        if start is None:
            import pendulum

            start = pendulum.datetime(2018, 6, 20)
        times = {"dtstart": start}
        if "_until" in data:
            times["until"] = data["_until"]
        return data["rr"].replace(**times)


class RRuleSetSchema(ObjectSchema):
    """A set of recurrence rules and dates, and of those that are left out."""

    _rrule = fields.List(fields.Nested(RRuleSchema))
    _rdate = fields.List(fields.DateTime())
    _exrule = fields.List(fields.Nested(RRuleSchema))
    _exdate = fields.List(fields.DateTime())

    @post_load
    def create_object(self, data: dict[str, Any], **kwargs: Any) -> Any:
        """Make the set."""
        from dateutil import rrule

        rules = rrule.rruleset()
        for name, add in (
            ("_rrule", rules.rrule),
            ("_rdate", rules.rdate),
            ("_exrule", rules.exrule),
            ("_exdate", rules.exdate),
        ):
            for one in data.get(name, ()):
                add(one)
        return rules


class RRuleBaseSchema(OneOfSchema):
    """A recurrence rule or a set of them."""

    type_schemas = {"rrule": RRuleSchema, "rruleset": RRuleSetSchema}


class RRuleClockSchema(_BoundedClockFields):
    """A clock of a recurrence rule."""

    class Meta:
        object_class = clocks.RRuleClock

    rrule_obj = fields.Nested(RRuleBaseSchema)


class ClockSchema(OneOfSchema):
    """Any of the clocks."""

    type_schemas = {
        "IntervalClock": IntervalClockSchema,
        "CronClock": CronClockSchema,
        "DatesClock": DatesClockSchema,
        "RRuleClock": RRuleClockSchema,
    }


class ScheduleSchema(ObjectSchema):
    """A schedule."""

    class Meta:
        object_class = Schedule

    clocks = fields.Nested(ClockSchema, required=True, many=True)
    filters = fields.List(StatefulFunctionReference(valid_functions=FILTERS, allow_none=True))
    or_filters = fields.List(StatefulFunctionReference(valid_functions=FILTERS, allow_none=True))
    not_filters = fields.List(StatefulFunctionReference(valid_functions=FILTERS, allow_none=True))
    adjustments = fields.List(
        StatefulFunctionReference(valid_functions=ADJUSTMENTS, allow_none=True)
    )
