"""Look-ups and pages in a flow run with 100,000 task runs, on SQLite and PostgreSQL."""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.report import Row, at_most, compared
from benchmarks.store_concurrency import postgres
from prefect_results.backend.access import StoredRuns
from prefect_results.backend.store import NewTaskRun, RunStore, open_store
from prefect_results.backend.views import TaskRunView
from prefect_results.configuration import config
from prefect_results.results import LocalResult
from prefect_results.server.execution import execute
from prefect_results.server.http import encoded
from prefect_results.server.operations import Caller
from prefect_results.states import Running, Success
from tests.backend.postgres import PostgresUnavailable

TITLE = "Look-ups and pages in one flow run with many task runs (medians; in process)"
TASKS = 4
PAGE = 100
BARE = "SELECT * FROM task_run WHERE flow_run_id = {0} AND task_id = {0} AND map_index > {0}"


class Times(NamedTuple):
    """Times of many calls in ms."""

    median: float
    p99: float
    processor: float


class Stored(NamedTuple):
    """A store with a flow run in it."""

    store: RunStore
    flow_run_id: str
    task_ids: list[str]
    children: int
    chance: random.Random

    def slug(self) -> str:
        """The slug of any task."""
        return f"inc-{self.chance.randrange(TASKS)}"

    def index(self) -> int:
        """Any map index that a page follows."""
        return self.chance.randrange(self.children - PAGE - 1)


def run(quick: bool = False) -> Iterator[Row]:
    """Fill a store of each kind and read it."""
    count = 10_000 if quick else 100_000
    with tempfile.TemporaryDirectory() as name:
        yield from _on("SQLite", str(Path(name) / "runs.db"), count)
    try:
        with postgres(None) as url:
            yield from _on("PostgreSQL", url, count)
    except PostgresUnavailable as exc:
        yield Row(f"PostgreSQL: {exc}", 0, "")


def _on(database: str, url: str, count: int) -> Iterator[Row]:
    stored = _filled(open_store(url), count)
    access = StoredRuns(stored.store)
    config["store"] = {"url": stored.store.url}
    look, pages = 1_000, 200
    try:
        yield from _rows(f"{database}: look-up", look, lambda: _look_up(stored), 1)
        yield from _rows(f"{database}: TaskRunView", look, lambda: _view(stored), 1)
        page = _measured(pages, lambda: _page(stored))
        yield from _told(f"{database}: page of {PAGE}", page, 10)
        bare = _measured_bare(pages, stored)
        name = f"{database}: the same, beside the driver alone (processor time)"
        yield compared(name, page.processor, "driver", bare.processor, "ms")
        yield from _rows(
            f"{database}: page of a view", pages, lambda: _children(stored, access), 10
        )
        yield from _rows(f"{database}: page by map index, GraphQL", pages, lambda: _asked(stored))
    finally:
        stored.store.close()


def _filled(store: RunStore, count: int) -> Stored:
    tasks = [{"slug": f"inc-{i}", "name": "inc"} for i in range(TASKS)]
    flow = store.register_flow(store.ensure_project("bench").id, {"name": "f", "tasks": tasks})
    flow_run_id = store.create_flow_run(flow.id).id
    moment = datetime.now(timezone.utc)
    result = LocalResult(
        dir="/values", location="2026/11/21/a6d1f0c1-7a6b-4b0e-b7a6.prefect_result"
    )
    states = tuple(
        (state.serialize(), moment)
        for state in (
            Running("Starting task run."),
            Success("Task run succeeded.", result=result),
        )
    )
    ids = [task.id for task in store.list_tasks(flow.id)]
    children, batch = count // TASKS, 2_500
    for task_id in ids:
        for start in range(0, children, batch):
            indexes = range(start, min(start + batch, children))
            rows = [NewTaskRun(task_id, index - 1, states=states) for index in indexes]
            store.create_task_runs(flow_run_id, rows)
    return Stored(store, flow_run_id, ids, children, random.Random(1))


def _look_up(stored: Stored) -> None:
    index = stored.index()
    found = stored.store.find_task_run(stored.flow_run_id, stored.slug(), index)
    assert found is not None
    assert found.map_index == index


def _view(stored: Stored) -> None:
    index = stored.index()
    found = TaskRunView.from_task_slug(
        stored.slug(), flow_run_id=stored.flow_run_id, map_index=index
    )
    assert found.map_index == index


def _page(stored: Stored) -> None:
    page = stored.store.list_task_runs(
        stored.flow_run_id, task_slug=stored.slug(), after=f"/{stored.index()}", limit=PAGE
    )
    assert len(page.items) == PAGE


def _measured_bare(times: int, stored: Stored) -> Times:
    """The rows of a page by a connection of the driver; no value is made of a document."""
    engine = stored.store.database.engine  # type: ignore[attr-defined]
    mark = "?" if engine.dialect.name == "sqlite" else "%s"
    statement = f"{BARE.format(mark)} ORDER BY map_index LIMIT {PAGE + 1}"

    def page() -> None:
        given = (stored.flow_run_id, stored.chance.choice(stored.task_ids), stored.index())
        assert len(connection.execute(statement, given).fetchall()) == PAGE + 1

    pooled = engine.raw_connection()
    connection = pooled.driver_connection
    try:
        return _measured(times, page)
    finally:
        pooled.close()


def _children(stored: Stored, access: StoredRuns) -> None:
    found = access.children(stored.flow_run_id, stored.slug(), stored.index(), PAGE)
    assert len(found) == PAGE


def _asked(stored: Stored) -> None:
    where = f'{{flow_run_id: {{_eq: "{stored.flow_run_id}"}}}}'
    columns = "id state map_index serialized_state task { slug }"
    query = f"{{ task_run(where: {where}, limit: {PAGE}, order_by: {{map_index: asc}})"
    reply = execute({"query": f"{query} {{ {columns} }} }}"}, Caller(stored.store))
    assert len(reply.body["data"]["task_run"]) == PAGE
    encoded(reply.body)


def _measured(times: int, call: Callable[[], Any]) -> Times:
    for _ in range(times // 10):
        call()
    wall, processor = [], []
    for _ in range(times):
        started, used = time.perf_counter(), time.process_time()
        call()
        processor.append((time.process_time() - used) * 1e3)
        wall.append((time.perf_counter() - started) * 1e3)
    wall.sort()
    return Times(wall[times // 2], wall[times * 99 // 100], sorted(processor)[times // 2])


def _rows(
    name: str, times: int, call: Callable[[], Any], limit: float | None = None
) -> Iterator[Row]:
    return _told(name, _measured(times, call), limit)


def _told(name: str, found: Times, limit: float | None) -> Iterator[Row]:
    value = found.processor if os.environ.get("BENCH_CLOCK") == "cpu" else found.median
    yield Row(name, value, "ms") if limit is None else at_most(name, value, limit, "ms")
    yield Row("  99 of 100 within", found.p99, "ms")
    yield Row("  processor time", found.processor, "ms")
