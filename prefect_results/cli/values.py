"""Python values as output.

What belongs here: values that were loaded. What does not: data that was not (`objects`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click

from prefect_results.cli.options import Settings
from prefect_results.cli.output import print_json, printable


def print_value(settings: Settings, value: Any, facts: Mapping[str, Any]) -> None:
    """Print a value: text as it is, else its repr; or JSON with its type and what names it.

    In JSON, `value` is null for a value that JSON cannot hold, and `is_json` false.
    """
    if not settings.as_json:
        click.echo(printable(value if isinstance(value, str) else _shown(value)))
        return
    known = is_json(value)
    print_json(
        {
            **facts,
            "type": type(value).__qualname__,
            "is_json": known,
            "value": value if known else None,
            "repr": _shown(value),
        }
    )


def _shown(value: Any) -> str:
    try:
        return repr(value)
    except Exception as exc:
        return f"<{type(value).__qualname__} whose repr raises {type(exc).__name__}>"


def is_json(value: Any) -> bool:
    """Whether a value is the same again when it comes back from JSON."""
    try:
        return bool(json.loads(json.dumps(value, allow_nan=False)) == value)
    except Exception:
        return False
