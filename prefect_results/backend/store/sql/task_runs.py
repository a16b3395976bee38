"""Task runs: creating, finding and listing them.

What belongs here: the table `task_run`. What does not: changing its states (`states`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    Connection,
    Integer,
    Select,
    bindparam,
    func,
    literal_column,
    select,
    tuple_,
    update,
)

from prefect_results.backend.store.ids import new_ids
from prefect_results.backend.store.records import NewTaskRun, Outcome, Page, TaskRun
from prefect_results.backend.store.schema import flow_run, task, task_run
from prefect_results.backend.store.sql.bulk import insert_many
from prefect_results.backend.store.sql.queries import Query
from prefect_results.backend.store.sql.rows import chunks, fetch, now, paged, selected
from prefect_results.backend.store.sql.states import CURRENT, TASK_RUN, Trace
from prefect_results.backend.store.types import Identifier, Words, clean_text, normalize_id
from prefect_results.exceptions import RecordNotFound

_COLUMNS = (
    *("id", "created", "flow_run_id", "task_id", "map_index", "name", "cache_key"),
    *CURRENT,
)
_NO_STATE = (0, *[None] * 8)


class _CacheKey(NamedTuple):
    task_id: str
    cache_key: str | None


# Statements are built once: SQLAlchemy takes longer to build one than SQLite to answer it.
_RUN: BindParameter[str] = bindparam("run")
_SELECTED = selected(TaskRun, task_run, task_slug=task.c.slug).join_from(
    task_run, task, task.c.id == task_run.c.task_id
)
# The slug is known where the task is: no need to read it for each row.
_SELECTED_OF_TASK = selected(TaskRun, task_run, task_slug=bindparam("slug", type_=Words))
_THIS_FLOW = select(flow_run.c.flow_id).where(flow_run.c.id == _RUN)
_TASK_ID = select(task.c.id).where(
    task.c.flow_id == _THIS_FLOW.scalar_subquery(), task.c.slug == bindparam("slug")
)
_GET = Query(TaskRun, _SELECTED.where(task_run.c.id == bindparam("id")))
# The flow of the run and the slug pick one task, and the unique key then one run. Not a join with
# the task by slug, for which a planner that knows too little may read all task runs of the run.
_FIND = Query(
    TaskRun,
    _SELECTED.where(
        task_run.c.flow_run_id == _RUN,
        task_run.c.task_id == _TASK_ID.scalar_subquery(),
        task_run.c.map_index == bindparam("map_index"),
    ),
)
_FIND_BY_ID = Query(
    TaskRun,
    _SELECTED.where(
        task_run.c.flow_run_id == _RUN,
        task_run.c.task_id == bindparam("task_id"),
        task_run.c.map_index == bindparam("map_index"),
    ),
)


def _flow_of(connection: Connection, flow_run_id: str) -> str:
    flow_id: str | None = connection.execute(_THIS_FLOW, {"run": flow_run_id}).scalar()
    if flow_id is None:
        raise RecordNotFound(f"the run store has no flow run {flow_run_id!r}")
    return flow_id


def task_id_of(connection: Connection, flow_run_id: str, slug: str) -> str | None:
    """Return the id of the task with a slug in the flow that runs, or None."""
    return connection.execute(_TASK_ID, {"run": flow_run_id, "slug": slug}).scalar()


def get(connection: Connection, task_run_id: str) -> TaskRun:
    """Return a task run by id."""
    return _GET.one(connection, f"task run {task_run_id!r}", id=task_run_id)


def find_by_id(
    connection: Connection, flow_run_id: str, task_id: str, map_index: int
) -> TaskRun | None:
    """Return the run of a task in a flow run, or None."""
    return _FIND_BY_ID.first(connection, run=flow_run_id, task_id=task_id, map_index=map_index)


def find(connection: Connection, flow_run_id: str, slug: str, map_index: int) -> TaskRun | None:
    """Return the run of a task, named by slug, in a flow run, or None."""
    return _FIND.first(connection, run=flow_run_id, slug=slug, map_index=map_index)


def resolve_task(
    connection: Connection, flow_run_id: str, task_id: str | None, slug: str | None
) -> str:
    """Return the id of a task that is given by id or slug.

    Raises:
        RecordNotFound: The flow that runs has no such task.
        ValueError: Not exactly one of both was given.
    """
    if (task_id is None) == (slug is None):
        raise ValueError("give either the `task_id` or the `task_slug` of the task")
    if task_id is not None:
        return task_id
    assert slug is not None
    found = task_id_of(connection, flow_run_id, slug)
    if found is None:
        _flow_of(connection, flow_run_id)
        raise RecordNotFound(f"the flow of run {flow_run_id!r} has no task with slug {slug!r}")
    return found


def get_or_create(
    connection: Connection, flow_run_id: str, task_id: str, map_index: int
) -> TaskRun:
    """Return the run of a task in a flow run, created if need be."""
    create(connection, flow_run_id, [NewTaskRun(task_id, map_index)])
    found = find_by_id(connection, flow_run_id, task_id, map_index)
    assert found is not None
    return found


def create(connection: Connection, flow_run_id: str, runs: Sequence[NewTaskRun]) -> list[Outcome]:
    """Create many task runs; see `RunStore.create_task_runs`."""
    run_of = normalize_id(flow_run_id) or flow_run_id
    if not runs:
        _flow_of(connection, run_of)
    cache_keys = _cache_keys(connection, run_of, {run.task_id for run in runs})
    trace = Trace(sum(len(run.states) for run in runs))
    rows, outcomes = [], []
    for run, made_id in zip(runs, new_ids(len(runs))):
        run_id = run.id or made_id
        current: tuple[Any, ...] = (*_NO_STATE, trace.now)
        for version, (state, timestamp) in enumerate(run.states, start=1):
            current = trace.add(run_id, version, current[7], state, timestamp)
        fixed = (run_id, trace.now, run_of, run.task_id, run.map_index, clean_text(run.name))
        rows.append((*fixed, cache_keys[run.task_id], *current))
        outcomes.append(Outcome(run_id, True, len(run.states), current[1]))
    key = "ON CONFLICT (flow_run_id, task_id, map_index) DO NOTHING"
    created = insert_many(connection, task_run, _COLUMNS, rows, key)
    if created != len(rows):
        outcomes = _with_those_there(connection, run_of, runs, outcomes)
        new = {outcome.run_id for outcome in outcomes if outcome.applied}
        trace.history = [row for row in trace.history if row[1] in new]
    trace.write(connection, TASK_RUN)
    return outcomes


_FEW = 8  # tasks of which each is asked for by itself
_IN_FLOW = task.c.flow_id == _THIS_FLOW.scalar_subquery()
_CACHE_KEY = Query(
    _CacheKey,
    select(task.c.id, task.c.cache_key).where(task.c.id == bindparam("id"), _IN_FLOW),
)


def _cache_keys(
    connection: Connection, flow_run_id: str, task_ids: set[str]
) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    if len(task_ids) <= _FEW:
        for task_id in task_ids:
            rows = _CACHE_KEY.all(connection, run=flow_run_id, id=task_id)
            found.update((task_id, row.cache_key) for row in rows)
    else:
        of_flow = select(task.c.id, task.c.cache_key).where(_IN_FLOW)
        for batch in chunks(task_ids):
            query = of_flow.where(task.c.id.in_(batch)).params(run=flow_run_id)
            found.update((row.id, row.cache_key) for row in connection.execute(query))
    for task_id in task_ids:
        if task_id not in found:
            _flow_of(connection, flow_run_id)
            raise RecordNotFound(f"the flow of run {flow_run_id!r} has no task {task_id!r}")
    return found


def _with_those_there(
    connection: Connection,
    flow_run_id: str,
    runs: Sequence[NewTaskRun],
    outcomes: Sequence[Outcome],
) -> list[Outcome]:
    """Find which of the task runs were there before us, or come twice among ours."""
    there: dict[tuple[str, int], tuple[str, int, str | None]] = {}
    columns = task_run.c
    wanted = (columns.task_id, columns.map_index, columns.id, columns.version, columns.state_id)
    for batch in chunks({(run.task_id, run.map_index) for run in runs}):
        query = select(*wanted).where(
            columns.flow_run_id == flow_run_id,
            tuple_(columns.task_id, columns.map_index).in_(batch),
        )
        for task_id, map_index, *found in connection.execute(query):
            there[task_id, map_index] = (found[0], found[1], found[2])
    result = []
    for run, outcome in zip(runs, outcomes):
        run_id, version, state_id = there[run.task_id, run.map_index]
        # Another process may have made it under the id that we would give it.
        ours = (run_id, state_id) == (outcome.run_id, outcome.state_id)
        result.append(outcome if ours else Outcome(run_id, False, version))
    return result


@cache
def _page(by_task: bool, children: bool | None, resumed: bool) -> Select[Any]:
    columns = task_run.c
    if by_task:
        query = _SELECTED_OF_TASK.where(columns.task_id == bindparam("task_id"))
    else:
        query = _SELECTED
    query = query.where(columns.flow_run_id == _RUN)
    if children is not None and not (children and resumed and by_task):
        # Not both: of two lower bounds SQLite would seek the one that is listed first.
        query = query.where(columns.map_index >= 0 if children else columns.map_index < 0)
    if resumed and by_task:
        query = query.where(columns.map_index > bindparam("last_index"))
    elif resumed:
        last = (bindparam("last_task", type_=Identifier), bindparam("last_index", type_=Integer))
        query = query.where(tuple_(columns.task_id, columns.map_index) > tuple_(*last))
    return query.order_by(columns.task_id, columns.map_index).limit(bindparam("rows"))


@cache
def _page_query(by_task: bool, children: bool | None, resumed: bool) -> Query[TaskRun]:
    return Query(TaskRun, _page(by_task, children, resumed))


def listed(
    connection: Connection,
    flow_run_id: str,
    slug: str | None,
    children: bool | None,
    states: Sequence[str] | None,
    after: str | None,
    limit: int,
) -> Page[TaskRun]:
    """Return a page of task runs; see `RunStore.list_task_runs`."""
    values: dict[str, Any] = {"run": flow_run_id, "rows": limit + 1}
    if slug is not None:
        values["slug"] = slug
        values["task_id"] = task_id_of(connection, flow_run_id, slug)
        if values["task_id"] is None:
            return Page(())
    if after is not None:
        values["last_task"], _, index = after.partition("/")
        values["last_index"] = int(index)
    kind = (slug is not None, children, after is not None)
    if states is None:
        items = _page_query(*kind).all(connection, **values)
    else:
        query = _page(*kind).where(task_run.c.state.in_(list(states)))
        items = fetch(connection, TaskRun, query.params(**values))
    return paged(items, limit, lambda item: f"{item.task_id}/{item.map_index}")


def counted(connection: Connection, flow_run_id: str, slug: str | None) -> dict[str, int]:
    """Return the number of task runs by state; see `RunStore.count_task_runs`."""
    columns = task_run.c
    query = select(columns.state, func.count()).where(columns.flow_run_id == flow_run_id)
    if slug is not None:
        query = query.where(columns.task_id == task_id_of(connection, flow_run_id, slug))
    return {state or "": count for state, count in connection.execute(query.group_by("state"))}


def cached(
    connection: Connection,
    since: datetime,
    task_id: str | None,
    cache_key: str | None,
    limit: int,
) -> list[TaskRun]:
    """Return task runs in a Cached state; see `RunStore.find_cached_task_runs`."""
    columns = task_run.c
    by = columns.cache_key == cache_key if cache_key is not None else columns.task_id == task_id
    # Literal, or SQLite does not see that the partial index serves.
    is_cached = columns.state == literal_column("'Cached'")
    query = (
        _SELECTED.where(is_cached, by, columns.state_timestamp >= since)
        .order_by(columns.state_timestamp.desc(), columns.id.desc())
        .limit(limit)
    )
    return fetch(connection, TaskRun, query)


def rename(connection: Connection, task_run_id: str, name: str) -> None:
    """Set the name of a task run."""
    statement = (
        update(task_run).where(task_run.c.id == task_run_id).values(name=name, updated=now())
    )
    if connection.execute(statement).rowcount == 0:
        raise RecordNotFound(f"the run store has no task run {task_run_id!r}")
