"""The classes that the configuration names for executors and runners."""

from __future__ import annotations

import importlib
import warnings
from typing import Any

from prefect_results.configuration import config

LEGACY_ROOT = "prefect."
ROOT = f"{__name__.partition('.')[0]}."


def configured_class(section: str, default: type) -> Any:
    """Return the class that `engine.<section>.default_class` names, or is.

    A name may be the legacy one (`prefect.executors.LocalExecutor`).

    Args:
        section: `executor`, `flow_runner` or `task_runner`.
        default: the class to use when the named one cannot be loaded; a warning says so.

    Returns:
        The class.
    """
    value = config.engine[section].default_class
    if not isinstance(value, str):
        return value
    home = value if not value.startswith(LEGACY_ROOT) else ROOT + value[len(LEGACY_ROOT) :]
    module, _, name = home.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError):
        warnings.warn(
            f"Could not import {value}; using {default.__module__}.{default.__qualname__} instead.",
            stacklevel=3,
        )
        return default
