"""Whether a run of a registered flow can be created with some parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def complaint(
    described: Any, given: Mapping[str, Any] | None, defaults: Mapping[str, Any] | None
) -> str:
    """What is wrong with the parameters of a new run, so that it is not found out by running it.

    Args:
        described: The parameters of the flow as they are registered: a list of dicts with `name`
            and `required`; None if they are not known.
        given: Values of the run.
        defaults: Values that the flow's group has for all runs.

    Returns:
        The complaint; empty if there is none.
    """
    if described is None:
        return ""
    given, defaults = given or {}, defaults or {}
    known = [one["name"] for one in described]
    missing = [
        one["name"]
        for one in described
        if one.get("required") and one["name"] not in given and one["name"] not in defaults
    ]
    if missing:
        return f"Required parameters were not supplied: {', '.join(missing)}"
    if unknown := sorted(set(given).difference(known)):
        takes = f"it takes {', '.join(sorted(known))}" if known else "it takes none"
        return f"Unexpected parameters were supplied: {', '.join(unknown)}; {takes}"
    return ""
