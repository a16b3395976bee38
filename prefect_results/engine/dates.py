"""The dates that templates know: `date`, `today`, `yesterday`, `tomorrow` and their like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import logging


def date_context(context: dict[str, Any], logger: logging.Logger) -> None:
    """Put the dates of a run into its context; those that are there stay.

    They follow `context["date"]`, a pendulum `DateTime` or text that can be parsed into one; by
    default the current time (UTC).

    Args:
        context: the run's context; updated in place.
        logger: gets a warning when `date` cannot be used.
    """
    import pendulum

    date = context.get("date")
    if isinstance(date, str):
        try:
            date = context["date"] = pendulum.parse(date)
        except ValueError:
            pass
    if not isinstance(date, pendulum.DateTime):
        if date is not None:
            logger.warning(
                "`date` was set in the context manually but could not be parsed into a pendulum "
                "`DateTime` object. Additional context variables that rely on the current date "
                "i.e `today` and `tomorrow` will be based on the current time instead of the "
                "`date` context variable."
            )
        date = pendulum.now("utc")
    context.setdefault("date", date)
    days = {"today": date, "yesterday": date.add(days=-1), "tomorrow": date.add(days=1)}
    for name, day in days.items():
        context.setdefault(name, day.strftime("%Y-%m-%d"))
        context.setdefault(f"{name}_nodash", day.strftime("%Y%m%d"))
