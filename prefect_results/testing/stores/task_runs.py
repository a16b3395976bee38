"""Task runs in a run store."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from prefect_results.backend.store import FlowRun, NewState, NewTaskRun, RunStore, TaskRun
from prefect_results.exceptions import RecordExists, RecordNotFound
from prefect_results.testing.stores.given import MISSING, MOMENT, RUNNING, SUCCESS, Given


class TaskRunContract(Given):
    """Task runs."""

    def test_task_run_is_created_once(self, store: RunStore, run: FlowRun) -> None:
        """The same task and map index give the same task run, by slug or by id, to all callers."""
        by_slug = store.get_or_create_task_run(run.id, task_slug="clean-1", map_index=3)
        by_id = store.get_or_create_task_run(run.id, task_id=by_slug.task_id, map_index=3)
        assert by_slug == by_id
        assert (by_slug.task_slug, by_slug.map_index, by_slug.version) == ("clean-1", 3, 0)
        assert by_slug.cache_key == "key of clean-1"
        assert by_slug.state is None
        with ThreadPoolExecutor(4) as pool:
            jobs = [
                pool.submit(store.get_or_create_task_run, run.id, task_slug="sum-1")
                for _ in range(8)
            ]
            assert len({job.result().id for job in jobs}) == 1

    def test_task_run_is_found_by_slug_and_index(
        self, store: RunStore, run: FlowRun, task_run: TaskRun
    ) -> None:
        """A look-up names the task by slug and the child by map index; else it is None."""
        child = store.get_or_create_task_run(run.id, task_slug="load-1", map_index=0)
        assert store.find_task_run(run.id, "load-1") == task_run == store.get_task_run(task_run.id)
        assert store.find_task_run(run.id, "load-1", 0) == child
        assert store.find_task_run(run.id, "load-1", 1) is None
        assert store.find_task_run(run.id, "nobody-1") is None
        assert store.find_task_run("not an id", "load-1") is None

    def test_task_run_needs_a_task_of_the_flow(self, store: RunStore, run: FlowRun) -> None:
        """Unknown tasks, flow runs and half-given arguments are refused."""
        with pytest.raises(RecordNotFound, match="nobody-1"):
            store.get_or_create_task_run(run.id, task_slug="nobody-1")
        with pytest.raises(RecordNotFound, match=MISSING):
            store.get_or_create_task_run(run.id, task_id=MISSING)
        with pytest.raises(RecordNotFound, match=MISSING):
            store.get_or_create_task_run(MISSING, task_slug="load-1")
        with pytest.raises(ValueError, match="task_slug"):
            store.get_or_create_task_run(run.id)

    def test_many_task_runs_with_their_states(self, store: RunStore, run: FlowRun) -> None:
        """Mapped children are created at once, with the states they went through."""
        task_id = self.task_id(store, run.flow_id, "clean-1")
        later = MOMENT + timedelta(seconds=2)
        states = ((RUNNING, MOMENT), (SUCCESS, later))
        runs = [
            NewTaskRun(task_id, index, name=f"clean[{index}]", states=states) for index in (0, 1)
        ]
        made = store.create_task_runs(run.id, runs)
        assert [(outcome.applied, outcome.version) for outcome in made] == [(True, 2)] * 2
        child = store.get_task_run(made[1].run_id)
        assert (child.map_index, child.name, child.state) == (1, "clean[1]", "Success")
        assert (child.start_time, child.end_time) == (MOMENT, later)
        assert child.serialized_state == SUCCESS
        assert child.state_id == made[1].state_id
        history = store.task_run_states(child.id)
        assert [(item.version, item.state, item.timestamp) for item in history] == [
            (1, "Running", MOMENT),
            (2, "Success", later),
        ]

    def test_task_run_that_is_there_is_left_alone(self, store: RunStore, run: FlowRun) -> None:
        """Creating what is there changes nothing and tells its id and version."""
        there = store.get_or_create_task_run(run.id, task_slug="clean-1", map_index=1)
        store.set_task_run_states([NewState(there.id, RUNNING)])
        states = ((SUCCESS, MOMENT),)
        made = store.create_task_runs(
            run.id, [NewTaskRun(there.task_id, index, states=states) for index in (0, 1, 2)]
        )
        assert [outcome.applied for outcome in made] == [True, False, True]
        assert (made[1].run_id, made[1].version) == (there.id, 1)
        assert store.get_task_run(there.id).state == "Running"
        assert len(store.task_run_states(made[2].run_id)) == 1

    def test_task_run_that_is_there_under_the_same_id(self, store: RunStore, run: FlowRun) -> None:
        """A process that died may have made it; another one that goes on makes it again."""
        task_id = store.get_or_create_task_run(run.id, task_slug="clean-1").task_id
        given = str(uuid.uuid4())
        one = NewTaskRun(task_id, 1, id=given, states=((RUNNING, MOMENT),))
        two = NewTaskRun(task_id, 2, states=((RUNNING, MOMENT),))
        (first,) = store.create_task_runs(run.id, [one])
        again, other = store.create_task_runs(run.id, [one, two])
        assert (first.applied, again.applied, other.applied) == (True, False, True)
        assert (again.run_id, again.version) == (first.run_id, 1)
        assert len(store.task_run_states(first.run_id)) == 1

    def test_task_run_id_is_taken_once(self, store: RunStore, task_run: TaskRun) -> None:
        """An id that another task run has is refused."""
        with pytest.raises(RecordExists):
            store.create_task_runs(
                task_run.flow_run_id, [NewTaskRun(task_run.task_id, 5, id=task_run.id)]
            )

    def test_task_runs_come_in_pages(self, store: RunStore, run: FlowRun) -> None:
        """Pages go by task and map index, every task run once, also while others are added."""
        clean = self.task_id(store, run.flow_id, "clean-1")
        total = self.task_id(store, run.flow_id, "sum-1")
        runs = [NewTaskRun(clean, index) for index in (4, 2, 0, -1, 1, 3)] + [NewTaskRun(total)]
        store.create_task_runs(run.id, runs)
        seen: list[tuple[str, int]] = []
        after = None
        while True:
            page = store.list_task_runs(run.id, after=after, limit=3)
            assert len(page.items) <= 3
            seen += [(item.task_slug, item.map_index) for item in page.items]
            after = page.next
            if after is None:
                break
        assert seen == [("clean-1", index) for index in range(-1, 5)] + [("sum-1", -1)]

    def test_task_runs_are_filtered(self, store: RunStore, run: FlowRun) -> None:
        """Task runs can be asked for by slug, by state, and with or without children."""
        clean = self.task_id(store, run.flow_id, "clean-1")
        states = ((SUCCESS, MOMENT),)
        runs = [NewTaskRun(clean, index, states=states) for index in range(3)]
        store.create_task_runs(run.id, [*runs, NewTaskRun(clean)])
        store.get_or_create_task_run(run.id, task_slug="sum-1")

        def found(**wanted: Any) -> list[tuple[str, int]]:
            page = store.list_task_runs(run.id, **wanted)
            return [(item.task_slug, item.map_index) for item in page.items]

        children = [("clean-1", 0), ("clean-1", 1), ("clean-1", 2)]
        assert found(task_slug="clean-1") == [("clean-1", -1), *children]
        assert found(task_slug="clean-1", children=True) == children
        assert found(children=False) == [("clean-1", -1), ("sum-1", -1)]
        assert found(states=["Success"]) == children
        assert found(task_slug="nobody-1") == []
        second = store.list_task_runs(run.id, task_slug="clean-1", children=True, limit=2)
        rest = store.list_task_runs(run.id, task_slug="clean-1", children=True, after=second.next)
        assert [item.map_index for item in rest.items] == [2]
        assert store.count_task_runs(run.id) == {"Success": 3, "": 2}
        assert store.count_task_runs(run.id, "sum-1") == {"": 1}

    def test_cached_task_runs_are_found(self, store: RunStore, run: FlowRun) -> None:
        """Cached states are found by task or by cache key, the newest first, none too old."""
        clean = self.task_id(store, run.flow_id, "clean-1")
        cached = {"type": "Cached", "cached_result_expiration": None}
        runs = [
            NewTaskRun(clean, index, states=((cached, MOMENT + timedelta(minutes=index)),))
            for index in range(3)
        ]
        store.create_task_runs(run.id, [*runs, NewTaskRun(clean, 3, states=((SUCCESS, MOMENT),))])

        def found(**wanted: Any) -> list[int]:
            since = MOMENT + timedelta(minutes=1)
            return [i.map_index for i in store.find_cached_task_runs(since=since, **wanted)]

        assert found(task_id=clean) == [2, 1]
        assert found(cache_key="key of clean-1") == [2, 1]
        assert found(cache_key="key of clean-1", limit=1) == [2]
        assert found(cache_key="another") == []

    def test_task_run_can_be_renamed(self, store: RunStore, task_run: TaskRun) -> None:
        """A task run takes a new name."""
        store.set_task_run_name(task_run.id, "better")
        assert store.get_task_run(task_run.id).name == "better"
        with pytest.raises(RecordNotFound, match=MISSING):
            store.set_task_run_name(MISSING, "better")
