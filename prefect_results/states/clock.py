"""The moment now and moments as states hold them; pendulum is imported on first use.

Not here: schedules, expiry rules, or formatting of dates for people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime

    import pendulum


def now() -> pendulum.DateTime:
    """Returns the current moment in UTC, as a pendulum `DateTime` (as in Prefect 1.4.1)."""
    import pendulum

    return pendulum.now("utc")


def instant(moment: datetime.datetime) -> pendulum.DateTime:
    """Returns `moment` as a pendulum `DateTime`, the type of a state's times in Prefect 1.4.1.

    Args:
        moment: any datetime; a naive one is taken as UTC.

    Returns:
        The same object if it is a pendulum `DateTime` with a time zone already.

    Raises:
        ValueError: if `moment` is not a datetime.
    """
    import pendulum

    if type(moment) is pendulum.DateTime and moment.tzinfo is not None:
        return moment
    return pendulum.instance(moment)
