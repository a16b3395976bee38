"""Rows of recorded runs, as commands show them.

What belongs here: which runs are listed, and the facts of a state's wire form. What does not: views
(`backend.views`): nothing is loaded here, so a state of a foreign type is shown, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from prefect_results.backend.access import RunAccess, StoredRuns
from prefect_results.backend.access.remote import RemoteRuns
from prefect_results.backend.client import EnumValue, with_args
from prefect_results.backend.views import missing
from prefect_results.cli.options import is_uuid

if TYPE_CHECKING:
    from prefect_results.backend.access import FlowRunData, TaskRunData
    from prefect_results.backend.store import RunStore

_FLOW_RUN = (
    "{ id name state state_message scheduled_start_time start_time end_time created "
    "flow { name version } }"
)
_PAGE = 200


def list_flow_runs(
    access: RunAccess, flow: str | None, states: Sequence[str], limit: int
) -> list[dict[str, Any]]:
    """Return the newest flow runs.

    Args:
        access: Where they are recorded.
        flow: Only runs of flows of this name.
        states: Only runs whose state has one of these types; of any if empty.
        limit: How many at most.
    """
    if isinstance(access, StoredRuns):
        return _stored(access.store, flow, states, limit)
    assert isinstance(access, RemoteRuns)
    where: dict[str, Any] = {}
    if flow is not None:
        where["flow"] = {"name": {"_eq": flow}}
    if states:
        where["state"] = {"_in": list(states)}
    arguments = {"where": where, "order_by": {"created": EnumValue("desc")}, "limit": limit}
    query = f"query {{ {with_args('flow_run', arguments)} {_FLOW_RUN} }}"
    return [
        {
            "id": run["id"],
            "name": run["name"],
            "flow": run["flow"]["name"],
            "flow_version": run["flow"]["version"],
            "state": run["state"],
            "message": run["state_message"],
            "created": _moment(run["created"]),
            "scheduled_start_time": _moment(run["scheduled_start_time"]),
            "start_time": _moment(run["start_time"]),
            "end_time": _moment(run["end_time"]),
        }
        for run in access.client.request(query)["flow_run"]
    ]


def _stored(
    store: RunStore, flow: str | None, states: Sequence[str], limit: int
) -> list[dict[str, Any]]:
    ids = [None] if flow is None else [one.id for one in store.list_flows(name=flow)]
    wanted = list(states) or None
    runs = [
        r for id in ids for r in store.list_flow_runs(flow_id=id, states=wanted, limit=limit).items
    ]
    runs = sorted(runs, key=lambda run: (run.created, run.id), reverse=True)[:limit]
    flows = {id: store.get_flow(id) for id in {run.flow_id for run in runs}}
    return [
        {
            "id": run.id,
            "name": run.name,
            "flow": flows[run.flow_id].name,
            "flow_version": flows[run.flow_id].version,
            "state": run.state,
            "message": run.state_message,
            "created": run.created,
            "scheduled_start_time": run.scheduled_start_time,
            "start_time": run.start_time,
            "end_time": run.end_time,
        }
        for run in runs
    ]


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    import pendulum

    moment: Any = pendulum.parse(text)
    return datetime.fromisoformat(moment.isoformat())


def flow_run(access: RunAccess, flow_run_id: str) -> FlowRunData:
    """Return a flow run.

    Raises:
        FlowRunNotFound: There is none with this id.
    """
    found = access.flow_run(flow_run_id)
    if found is None:
        raise missing.flow_run(access, flow_run_id)
    return found


def task_run(
    access: RunAccess, id: str, slug: str | None = None, map_index: int | None = None
) -> TaskRunData:
    """Return a task run, named by its id, or by its flow run's id, its slug and its map index.

    Raises:
        TaskRunNotFound: There is none.
        click.UsageError: A map index was given without a slug.
    """
    if slug is None:
        if map_index is not None:
            raise click.UsageError("--map-index goes with FLOW_RUN_ID SLUG.")
        found = access.task_run(id) if is_uuid(id) else None
        if found is None:
            raise missing.task_run_by_id(access, id)
        return found
    index = -1 if map_index is None else map_index
    found = access.find_task_run(id, slug, index)
    if found is None:
        raise missing.task_run_by_slug(access, id, slug, index)
    return found


def list_task_runs(
    access: RunAccess,
    flow_run_id: str,
    *,
    slug: str | None,
    states: Sequence[str],
    children: bool,
    limit: int,
) -> tuple[list[dict[str, Any]], bool]:
    """Return task runs of a flow run, by task and map index, and whether there are more.

    Raises:
        FlowRunNotFound: There is no such flow run.
    """
    flow_run(access, flow_run_id)
    if isinstance(access, StoredRuns):
        rows: list[dict[str, Any]] = []
        after = None
        while True:
            page = access.store.list_task_runs(
                flow_run_id,
                task_slug=slug,
                children=None if children else False,
                states=list(states) or None,
                after=after,
                limit=min(_PAGE, limit - len(rows)),
            )
            rows += map(task_run_row, page.items)
            after = page.next
            if after is None or len(rows) >= limit:
                return rows, after is not None
    found = [task_run_row(run) for run in access.task_runs(flow_run_id, children=children)]
    fitting = [
        row
        for row in found
        if (slug is None or row["task_slug"] == slug) and (not states or row["state"] in states)
    ]
    fitting.sort(key=lambda row: (row["task_slug"], row["map_index"]))
    return fitting[:limit], len(fitting) > limit


def task_run_row(run: Any) -> dict[str, Any]:
    """What is listed of a task run."""
    form = run.serialized_state or {}
    return {
        "id": run.id,
        "name": run.name,
        "flow_run_id": run.flow_run_id,
        "task_slug": run.task_slug,
        "map_index": run.map_index,
        "state": form.get("type"),
        "message": form.get("message"),
        "result": result_facts(form.get("_result")),
    }


def result_facts(form: Any) -> dict[str, Any] | None:
    """What a result's wire form says about where it is: all but its value."""
    if not isinstance(form, Mapping) or form.get("type") in (None, "NoResultType", "NoResult"):
        return None
    return {key: item for key, item in form.items() if key not in ("value", "__version__")}


def count_states(access: RunAccess, flow_run_id: str) -> dict[str, int]:
    """Return how many task runs of a flow run are in each type of state."""
    if isinstance(access, StoredRuns):
        counts = dict(access.store.count_task_runs(flow_run_id))
    else:
        states = (run.serialized_state or {} for run in access.task_runs(flow_run_id))
        counts = dict(Counter(state.get("type") or "" for state in states))
    return dict(sorted((name or "none", count) for name, count in counts.items()))


def history(access: RunAccess, task_run_id: str) -> list[dict[str, Any]]:
    """Return the states that a task run was in, oldest first."""
    if isinstance(access, StoredRuns):
        return [
            {"timestamp": one.timestamp, "state": one.state, "message": one.message}
            for one in access.store.task_run_states(task_run_id)
        ]
    assert isinstance(access, RemoteRuns)
    arguments = {"where": {"id": {"_eq": task_run_id}}}
    selection = "{ states { timestamp state message } }"
    query = f"query {{ {with_args('task_run', arguments)} {selection} }}"
    found = access.client.request(query)["task_run"]
    states = [
        {"timestamp": _moment(s["timestamp"]), "state": s["state"], "message": s["message"]}
        for run in found
        for s in run["states"]
    ]
    by_time: Callable[[dict[str, Any]], Any] = lambda state: state["timestamp"]  # noqa: E731
    return sorted(states, key=by_time)
