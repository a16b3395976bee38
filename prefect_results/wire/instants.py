"""Moments as ISO 8601 text.

Not here: the moment now, and what states do with moments.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone

import pendulum

from prefect_results.wire.values import shown

_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?"
    r" ?(?:([Zz])|([+-]\d\d)(?::?(\d\d)(?::?(\d\d))?)?)?",
    re.ASCII,
)


def read_instant(text: str) -> datetime:
    """Returns the moment that ISO 8601 text names: pendulum if it has an offset, else naive.

    Takes what Python's and PostgreSQL's formatters write: any number of digits of a second,
    `Z` or an offset with or without minutes.

    Raises:
        ValueError: if the text names no moment.
        OverflowError: if the moment is outside of the years 1 to 9999.
    """
    # What `isoformat` writes for a moment in UTC needs no closer look.
    if len(text) == 32 and text[10] == "T" and text[26:] == "+00:00":
        moment = datetime.fromisoformat(text)
    else:
        moment = _read_other(text)
    if moment.tzinfo is None:
        return moment
    if moment.tzinfo is timezone.utc:
        return pendulum.DateTime(
            moment.year,
            moment.month,
            moment.day,
            moment.hour,
            moment.minute,
            moment.second,
            moment.microsecond,
            pendulum.UTC,
        )
    return pendulum.instance(moment)


def _read_other(text: str) -> datetime:
    found = _ISO.fullmatch(text)
    if found is None:
        raise ValueError(f"not an ISO 8601 date and time: {shown(text)}")
    date, minutes, seconds, fraction, zulu, hours, offset, odd = found.groups()
    zone = "+00:00" if zulu else f"{hours}:{offset or '00'}" if hours else ""
    return datetime.fromisoformat(
        f"{date}T{minutes}:{seconds or '00'}.{(fraction or '0')[:6]:0<6}"
        f"{zone}{':' + odd if odd else ''}"
    )
