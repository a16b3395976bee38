"""Children of mapped task runs: in order, many at a time, page by page, resumable."""

from __future__ import annotations

import itertools
import threading
from typing import Any

import pytest

from prefect_results.backend.access import RunAccess, open_access
from prefect_results.backend.access.stored import StoredRuns
from prefect_results.backend.store import NewTaskRun, RunStore
from prefect_results.backend.views import TaskRunView, children, reading
from prefect_results.context import context
from prefect_results.exceptions import NotFound, RunNotFinished
from prefect_results.results import Result, register_result_type
from prefect_results.states import Mapped, Running, State, Success
from tests.backend import recorded


@register_result_type
class Slow(Result):
    """A result whose value is the number in its location, read when all readers are there."""

    barrier: threading.Barrier | None = None
    reads: list[str] = []
    broken: set[str] = set()
    seen: list[Any] = []

    def read(self, location: str) -> Slow:
        """Return the number."""
        Slow.reads.append(location)
        Slow.seen.append(context.get("who"))
        if Slow.barrier is not None:
            Slow.barrier.wait(20)
        if location in Slow.broken:
            raise NotFound(f"nothing at {location}")
        new = self.copy()
        new.value = int(location)
        new.location = location
        return new


@pytest.fixture(autouse=True)
def fresh() -> Any:
    """A storage that nothing was read from."""
    Slow.barrier, Slow.reads, Slow.broken, Slow.seen = None, [], set(), []
    yield
    Slow.barrier, Slow.broken = None, set()


def mapped(
    store: RunStore, count: int, *, expected: int | None = None, last: State | None = None
) -> str:
    """Record a mapped task run with children; return the flow run's id."""
    flow_id = recorded.registered(store, recorded.example_flow())
    run = store.create_flow_run(flow_id)
    task_id = next(one.id for one in store.list_tasks(flow_id) if one.slug == "inc-1")
    states: list[State] = [Success(result=Slow(location=str(index))) for index in range(count)]
    if last is not None:
        states[-1] = last
    parent = Mapped("mapped", n_map_states=count if expected is None else expected)
    moment = recorded.now()
    rows = [(-1, parent), *enumerate(states)]
    store.create_task_runs(
        run.id,
        [NewTaskRun(task_id, i, states=((state.serialize(), moment),)) for i, state in rows],
    )
    return run.id


def parent_of(source: Any, run_id: str) -> TaskRunView:
    """Return the view of the mapped task run."""
    return TaskRunView.from_task_slug("inc-1", run_id, source=source)


def test_documented_example(access: RunAccess, run_id: str) -> None:
    """The example of the documentation gives what it says."""
    inc_parent = TaskRunView.from_task_slug("inc-1", flow_run_id=run_id, source=access)
    assert inc_parent.get_result() == [1, 2, 3, 4, 5, 6]
    inc_child = TaskRunView.from_task_slug("inc-1", run_id, map_index=2, source=access)
    assert inc_child.get_result() == 3
    assert [child.get_result() for child in inc_parent.iter_mapped()] == [1, 2, 3, 4, 5, 6]


def test_in_order_over_pages(access: RunAccess, store: RunStore) -> None:
    """The values of more children than a page has are in map order."""
    count = 2 * children.PAGE + 3
    view = parent_of(access, mapped(store, count))
    assert view.get_result() == list(range(count))
    assert view.get_result() is view.get_result()
    assert len(Slow.reads) == count


def test_full_pages_only(access: RunAccess, store: RunStore, monkeypatch: Any) -> None:
    """Nothing is lost or doubled when the last page is full."""
    monkeypatch.setattr(children, "PAGE", 4)
    view = parent_of(access, mapped(store, 8))
    assert view.get_result() == list(range(8))
    assert [child.map_index for child in view.iter_mapped()] == list(range(8))


def test_read_at_once(store: RunStore) -> None:
    """Many results are read at the same time, with the context of who asks; more are not begun."""
    Slow.barrier = threading.Barrier(reading.MOST_READERS)
    count = 2 * reading.MOST_READERS
    with context(who="me"):
        assert parent_of(store, mapped(store, count)).get_result() == list(range(count))
    assert Slow.seen == ["me"] * count


def test_resumable(store: RunStore) -> None:
    """After an error only what was not read is read, and the first error by map index is told."""
    view = parent_of(store, mapped(store, 10))
    Slow.broken = {"7", "4"}
    with pytest.raises(NotFound, match=r"'inc-1\[\d\]'"):
        view.get_result()
    kept = set(view._loaded.children)
    Slow.broken = set()
    Slow.reads = []
    assert view.get_result() == list(range(10))
    assert {int(one) for one in Slow.reads} == set(range(10)) - kept


def test_unfinished_child(access: RunAccess, store: RunStore) -> None:
    """A child that is not finished is named."""
    view = parent_of(access, mapped(store, 3, last=Running("busy")))
    with pytest.raises(RunNotFinished, match=r"Child task run inc-1\[2\] is in state <Running"):
        view.get_result()


def test_child_without_a_result(store: RunStore) -> None:
    """A child that has no result is named."""
    view = parent_of(store, mapped(store, 3, last=Success()))
    with pytest.raises(TypeError, match=r"'inc-1\[2\]' ended in"):
        view.get_result()


def test_missing_children(access: RunAccess, store: RunStore) -> None:
    """A list is never returned with children missing from it."""
    with pytest.raises(RunNotFinished, match="Only 2 of the 5 children of task 'inc-1'"):
        parent_of(access, mapped(store, 2, expected=5)).get_result()


def test_no_children(access: RunAccess, store: RunStore) -> None:
    """No children are an empty list once the flow run is finished, and an error before."""
    run_id = mapped(store, 0)
    with pytest.raises(ValueError, match="No child task runs were found for task 'inc-1'"):
        parent_of(access, run_id).get_result()
    recorded.finish(store, run_id)
    assert parent_of(access, run_id).get_result() == []
    assert list(parent_of(access, run_id).iter_mapped()) == []


def test_iterating_what_is_not_mapped(access: RunAccess, run_id: str) -> None:
    """Iterating over the children of a task that was not mapped is a TypeError, as in 1.4.1."""
    view = TaskRunView.from_task_slug("foo-1", run_id, source=access)
    with pytest.raises(TypeError, match="is not a mapped task"):
        view.iter_mapped()


class Counting(StoredRuns):
    """Notes which pages are asked for."""

    def __init__(self, store: RunStore) -> None:
        super().__init__(store)
        self.asked: list[int] = []

    def children(self, flow_run_id: str, task_slug: str, after: int, limit: int) -> Any:
        self.asked.append(after)
        return super().children(flow_run_id, task_slug, after, limit)


def test_lazily_page_by_page(store: RunStore, monkeypatch: Any) -> None:
    """Pages are asked for one ahead of the one that is used, results not at all."""
    monkeypatch.setattr(children, "PAGE", 3)
    access = Counting(store)
    view = parent_of(access, mapped(store, 30))
    iterator = view.iter_mapped()
    assert access.asked == []
    first = list(itertools.islice(iterator, 3))
    assert [child.map_index for child in first] == [0, 1, 2]
    assert access.asked in ([-1], [-1, 2])
    iterator.close()  # type: ignore[attr-defined]
    assert Slow.reads == []


def test_read_ahead(store: RunStore) -> None:
    """Once two results were asked for, those of the rest of the page are read at the same time."""
    count = 10
    iterator = parent_of(store, mapped(store, count)).iter_mapped()
    assert next(iterator).get_result() == 0
    assert Slow.reads == ["0"]
    Slow.barrier = threading.Barrier(count - 1)
    assert [child.get_result() for child in iterator] == list(range(1, count))


def test_read_ahead_failing(store: RunStore) -> None:
    """An error of a result that was read ahead belongs to its child only, which can try again."""
    Slow.broken = {"2"}
    found: list[Any] = []
    for child in parent_of(store, mapped(store, 5)).iter_mapped():
        try:
            found.append(child.get_result())
        except NotFound:
            Slow.broken = set()
            found.append(child.get_result() * 100)
    assert found == [0, 1, 200, 3, 4]


@pytest.mark.parametrize("keep", [True, False])
def test_keeping_results_of_an_iteration(store: RunStore, keep: bool) -> None:
    """With `cache_results` a later `get_result` reads nothing again; without, nothing is kept."""
    view = parent_of(store, mapped(store, 4))
    for child in view.iter_mapped(cache_results=keep):
        child.get_result()
    Slow.reads = []
    assert view.get_result() == [0, 1, 2, 3]
    assert len(Slow.reads) == (0 if keep else 4)


def test_children_stay_usable(store: RunStore, monkeypatch: Any) -> None:
    """Children that are kept beyond their page, and the iteration, still load their results."""
    monkeypatch.setattr(children, "PAGE", 2)
    kept = list(parent_of(store, mapped(store, 7)).iter_mapped())
    assert [child.get_result() for child in reversed(kept)] == list(range(7))[::-1]


def test_threads_load_once(store: RunStore) -> None:
    """Threads that ask at the same time read each result once."""
    view = parent_of(open_access(store), mapped(store, 5))
    threads = [threading.Thread(target=view.get_result) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(Slow.reads) == ["0", "1", "2", "3", "4"]
