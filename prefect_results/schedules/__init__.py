"""When a flow runs: clocks emit events, filters drop some, adjustments move the rest.

Nothing here knows about flows. Pendulum, croniter and dateutil are imported on first use.
"""

from __future__ import annotations

from prefect_results.schedules import adjustments, clocks, filters, schedules
from prefect_results.schedules.schedules import (
    CronSchedule,
    IntervalSchedule,
    RRuleSchedule,
    Schedule,
)

__all__ = [
    "CronSchedule",
    "IntervalSchedule",
    "RRuleSchedule",
    "Schedule",
    "adjustments",
    "clocks",
    "filters",
    "schedules",
]
