"""The errors for what is not recorded: what was asked for, names like it, and what there is.

What belongs here: these messages, which begin as those of Prefect 1.4.1. What does not: the classes
(`prefect_results.exceptions`).
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from prefect_results.exceptions import FlowNotFound, FlowRunNotFound, TaskRunNotFound

if TYPE_CHECKING:
    from prefect_results.backend.access import RunAccess

_SHOWN = 20


def near(name: str, names: Sequence[str]) -> list[str]:
    """Return up to three of the names that look like one, the nearest first."""
    alike = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    start = name.rpartition("-")[0] or name
    # `inc` for `inc-1`, and `inc-2` for the `inc-1` of a flow with one such task.
    same = [one for one in names if one.rpartition("-")[0] in (name, start)]
    return list(dict.fromkeys([*same, *alike]))[:3]


def listed(names: Sequence[str]) -> str:
    """Return names for a message, a long list shortened."""
    shown = ", ".join(repr(name) for name in names[:_SHOWN])
    more = len(names) - _SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def _meant(suggestions: Sequence[str]) -> str:
    return f" Did you mean {' or '.join(map(repr, suggestions))}?" if suggestions else ""


def flow_run(access: RunAccess, flow_run_id: object) -> FlowRunNotFound:
    """Return the error for a flow run that is not there."""
    return FlowRunNotFound(
        f"No flow runs found while querying for flow runs where id is {flow_run_id!r} in "
        f"{access.address}."
    )


def task_run_by_id(access: RunAccess, task_run_id: str) -> TaskRunNotFound:
    """Return the error for a task run that is not there."""
    return TaskRunNotFound(
        f"No task runs found while querying for task runs where id is {task_run_id!r} in "
        f"{access.address}."
    )


def task_run_by_slug(
    access: RunAccess, flow_run_id: str, task_slug: str, map_index: int
) -> TaskRunNotFound:
    """Return the error for a task run that a flow run does not have; says what it does have."""
    place = "" if map_index < 0 else f" and map index is {map_index}"
    asked = (
        f"No task runs found while querying for task runs where task slug is {task_slug!r}{place} "
        f"and flow run id is {flow_run_id!r}"
    )
    run = access.flow_run(flow_run_id)
    if run is None:
        return TaskRunNotFound(f"{asked}: there is no such flow run in {access.address}.")
    slugs = access.task_slugs(flow_run_id)
    if task_slug not in slugs:
        suggestions = near(task_slug, slugs)
        return TaskRunNotFound(
            f"{asked}.{_meant(suggestions)} The flow of this run has the tasks {listed(slugs)}.",
            suggestions=suggestions,
        )
    state = (run.serialized_state or {}).get("type")
    last = access.last_map_index(flow_run_id, task_slug)
    if last is None:
        return TaskRunNotFound(f"{asked}: the task was not run; the flow run is {state}.")
    if last < 0:
        return TaskRunNotFound(f"{asked}: the task is not mapped; leave out the map index.")
    return TaskRunNotFound(
        f"{asked}: the task is mapped, with the map indexes 0 to {last}; the flow run is {state}."
    )


def flow_by_name(access: RunAccess, name: str, project_name: str | None) -> FlowNotFound:
    """Return the error for a flow that is not registered."""
    where = f" and project name is {project_name!r}" if project_name else ""
    elsewhere = [flow.project_name for flow in access.named_flows(name)] if project_name else []
    names = access.flow_names()
    suggestions = [] if name in names else near(name, names)
    if elsewhere:
        rest = f" The project {listed([str(one) for one in elsewhere])} has one."
    elif names:
        rest = f"{_meant(suggestions)} Registered flows: {listed(names)}."
    else:
        rest = " No flow is registered; `flow.register(project_name=...)` does that."
    return FlowNotFound(
        f"No results found while querying for flows where name is {name!r}{where} in "
        f"{access.address}.{rest}",
        suggestions=suggestions,
    )


def flow(access: RunAccess, field: str, value: str) -> FlowNotFound:
    """Return the error for a flow or flow group that is not there."""
    return FlowNotFound(
        f"No results found while querying for flows where {field} is {value!r} in {access.address}."
    )
