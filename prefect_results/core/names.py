"""The legacy dotted names of what a serialized flow refers to."""

from __future__ import annotations

_PACKAGE = "prefect_results."

# Modules whose legacy home is not at the same place under ``prefect``.
_MOVED = {
    "prefect_results.caching.validators.": "prefect.engine.cache_validators.",
    "prefect_results.core.function.": "prefect.tasks.core.function.",
}


def legacy_name(name: str) -> str:
    """The name under which Prefect 1.4.1 knows an object of this library; others as they are.

    Args:
        name: Dotted name of the object.
    """
    if not name.startswith(_PACKAGE):
        return name
    for ours, theirs in _MOVED.items():
        if name.startswith(ours):
            return theirs + name[len(ours) :]
    return f"prefect.{name[len(_PACKAGE) :]}"
