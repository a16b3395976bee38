"""How a call is labelled and placed on a dask.distributed cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

RESOURCE_TAG = "dask-resource"


def options(extra: Mapping[str, Any]) -> dict[str, Any]:
    """Options of `Client.submit` that follow from what is known about a call.

    Calls of one `task_group` get keys of one group, by which the scheduler knows them as alike:
    it then hands them out as workers become free, instead of all at once.

    Args:
        extra: `task_name`, `task_index`, `task_tags`, `task_number`, `task_group`, all optional.

    Returns:
        `pure`, and `key`, `priority` and `resources` where there is something to say.

    Raises:
        ValueError: if a tag such as `dask-resource:GPU=1` has no number.
    """
    found: dict[str, Any] = {"pure": False}
    name, index = extra.get("task_name"), extra.get("task_index")
    if "task_group" in extra:
        found["key"] = (f"{name}-{extra['task_group']}", index)
    elif name:
        label = name if index is None else f"{name}-{index}"
        found["key"] = f"{label}-{_unique()}"
    if "task_number" in extra:
        # Later tasks first, so that a child goes on before its siblings start.
        found["priority"] = extra["task_number"]
    resources = _resources(extra.get("task_tags") or ())
    if resources:
        found["resources"] = resources
    return found


def _unique() -> str:
    import uuid

    return uuid.uuid4().hex


def _resources(tags: Iterable[str]) -> dict[str, float]:
    found = {}
    for tag in tags:
        if tag.lower().startswith(RESOURCE_TAG):
            prefix, _, number = tag.partition("=")
            found[prefix.partition(":")[2]] = float(number)
    return found
