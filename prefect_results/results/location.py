"""How a location is made of its template: the one place that fills templates.

Not here: whether a location is safe; its filesystem refuses what leaves the root.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from itertools import count
from typing import Any

from prefect_results.exceptions import UnknownTemplateName

_numbers = count()
_process = (0, "")


def fill(template: str | Callable[..., str], values: Mapping[str, Any]) -> str:
    """Fill a location's template.

    Args:
        template: a `str.format` template, or a callable that takes the values as keyword
            arguments and returns the location.
        values: what can be named.

    Returns:
        The location.

    Raises:
        UnknownTemplateName: if the template names what is not there (also a `KeyError`).
    """
    if callable(template):
        return template(**values)
    if "{" not in template and "}" not in template:
        return template
    try:
        return template.format(**values)
    except KeyError as exc:
        raise UnknownTemplateName(
            f"The location template {template!r} names {exc}, which is not among the values it is "
            f"filled from: {', '.join(sorted(map(str, values))) or 'none'}"
        ) from exc


def fixed_folder(template: str) -> str:
    """The folder that an absolute template always leads to, whatever it is filled with."""
    fixed = template.partition("{")[0]
    return fixed[: fixed.rindex("/")] or "/"


def unique_token() -> str:
    """A short text that no other call returns, on any machine, until numbers run out."""
    global _process
    pid = os.getpid()
    if _process[0] != pid:
        _process = (pid, os.urandom(5).hex())
    return f"{_process[1]}{next(_numbers):x}"


def utc_now() -> datetime:
    """The time, for locations that have it in their name."""
    return datetime.now(timezone.utc)
