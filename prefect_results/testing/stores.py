"""The contract of a run store as tests: subclass `RunStoreContract` and give it a `store`.

    class TestMyStore(RunStoreContract):
        @pytest.fixture
        def store(self):
            with my_empty_store() as store:
                yield store

Every run store must pass all of them. Needs pytest.
"""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from typing import Any

import attrs
import pytest

from prefect_results.backend.store import (
    Flow,
    FlowRun,
    NewLog,
    NewState,
    NewTaskRun,
    RunStore,
    TaskRun,
    new_id,
)
from prefect_results.exceptions import RecordExists, RecordNotFound, VersionConflict

MOMENT = datetime(2021, 5, 12, 18, 0, 1, 696849, timezone.utc)
RUNNING = {"type": "Running", "message": "Starting task run."}
SUCCESS = {"type": "Success", "message": "Done.", "_result": {"type": "LocalResult"}}
MISSING = "00000000-0000-7000-8000-00000000dead"


def serialized_flow(name: str = "penguins", **others: Any) -> dict[str, Any]:
    """The wire form of a flow with a parameter, a mapped and a reduced task."""
    slugs = ("path", "load-1", "clean-1", "sum-1")
    ends = [("path", "load-1", False), ("load-1", "clean-1", True), ("clean-1", "sum-1", False)]
    return {
        "name": name,
        "type": "prefect.core.flow.Flow",
        "tasks": [
            {
                "slug": slug,
                "name": slug.split("-")[0],
                "type": "prefect.core.task.Task",
                "tags": ["b", "a"],
                "max_retries": 2,
                "retry_delay": 1.5,
                "trigger": {"fn": "prefect.triggers.all_successful", "kwargs": {}},
                "cache_key": f"key of {slug}",
            }
            for slug in slugs
        ],
        "edges": [
            {
                "upstream_task": {"slug": up},
                "downstream_task": {"slug": down},
                "key": "x",
                "mapped": mapped,
                "flattened": False,
            }
            for up, down, mapped in ends
        ],
        "reference_tasks": [{"slug": "sum-1"}],
        "parameters": [{"name": "path", "default": "penguins.csv"}],
        "storage": {"type": "Local"},
        "run_config": {"type": "LocalRun", "labels": ["blue"]},
        **others,
    }


class _Given:
    """What the tests start from."""

    @pytest.fixture
    def flow(self, store: RunStore) -> Flow:
        """A registered flow."""
        project = store.create_project("polar")
        return store.register_flow(project.id, serialized_flow())

    @pytest.fixture
    def run(self, store: RunStore, flow: Flow) -> FlowRun:
        """A run of it."""
        return store.create_flow_run(flow.id)

    @pytest.fixture
    def task_run(self, store: RunStore, run: FlowRun) -> TaskRun:
        """The run of one of its tasks."""
        return store.get_or_create_task_run(run.id, task_slug="load-1")

    @staticmethod
    def task_id(store: RunStore, flow_id: str, slug: str) -> str:
        """The id of a task by slug."""
        return next(task.id for task in store.list_tasks(flow_id) if task.slug == slug)


class FlowContract(_Given):
    """Projects, flows, tasks and edges."""

    def test_project_is_found_by_id_and_name(self, store: RunStore) -> None:
        """A project can be read again by its id and by its name."""
        project = store.create_project("polar", "Birds.")
        assert store.get_project(project.id) == project == store.find_project("polar")
        assert (project.name, project.description) == ("polar", "Birds.")
        assert store.find_project("tropical") is None

    def test_project_names_are_unique(self, store: RunStore) -> None:
        """A second project of one name is refused."""
        store.create_project("polar")
        with pytest.raises(RecordExists, match="polar"):
            store.create_project("polar")

    def test_project_is_ensured_once(self, store: RunStore) -> None:
        """Callers that need a project at the same time get the same one."""
        with ThreadPoolExecutor(4) as pool:
            made = set(pool.map(store.ensure_project, ["polar"] * 8))
        assert made == {store.find_project("polar")}

    def test_projects_are_listed_by_name(self, store: RunStore) -> None:
        """Projects come sorted by name."""
        for name in ("c", "a", "b"):
            store.create_project(name)
        assert [project.name for project in store.list_projects()] == ["a", "b", "c"]

    def test_deleting_a_project_deletes_what_is_in_it(
        self, store: RunStore, flow: Flow, task_run: TaskRun
    ) -> None:
        """With a project go its flows, their runs and their task runs."""
        store.delete_project(flow.project_id)
        for read, key in (
            (store.get_project, flow.project_id),
            (store.get_flow, flow.id),
            (store.get_flow_run, task_run.flow_run_id),
            (store.get_task_run, task_run.id),
        ):
            with pytest.raises(RecordNotFound, match=key):
                read(key)

    def test_flow_keeps_its_wire_form(self, store: RunStore, flow: Flow) -> None:
        """The serialized flow comes back as it was given, key order included."""
        assert list(flow.serialized_flow) == list(serialized_flow())
        assert flow.serialized_flow == serialized_flow()
        assert flow.storage == {"type": "Local"}
        assert flow.settings["heartbeat_enabled"] is True
        assert store.get_flow(flow.id) == flow

    def test_new_version_archives_the_older(self, store: RunStore, flow: Flow) -> None:
        """Registering a flow of the same name again makes the next version and archives this."""
        newer = store.register_flow(flow.project_id, serialized_flow())
        assert (flow.version, newer.version) == (1, 2)
        assert newer.version_group_id == flow.version_group_id
        assert newer.flow_group_id == flow.flow_group_id
        assert store.get_flow(flow.id).archived
        assert not newer.archived
        assert [item.id for item in store.list_flows(name="penguins")] == [newer.id, flow.id]
        assert [item.id for item in store.list_flows(archived=False)] == [newer.id]

    def test_idempotency_key_registers_once(self, store: RunStore, flow: Flow) -> None:
        """The key of the newest version returns that version; another key makes a new one."""
        first = store.register_flow(flow.project_id, serialized_flow(), idempotency_key="a")
        again = store.register_flow(flow.project_id, serialized_flow(), idempotency_key="a")
        other = store.register_flow(flow.project_id, serialized_flow(), idempotency_key="b")
        assert first == again
        assert other.version == first.version + 1

    def test_version_group_may_be_chosen(self, store: RunStore, flow: Flow) -> None:
        """A named version group collects flows whatever they are called."""
        one = store.register_flow(flow.project_id, serialized_flow("a"), version_group_id="g")
        two = store.register_flow(flow.project_id, serialized_flow("b"), version_group_id="g")
        assert (one.version, two.version) == (1, 2)
        assert store.get_flow_group(one.flow_group_id).name == "g"
        assert store.list_flows(flow_group_id=one.flow_group_id, archived=False) == [two]

    def test_registering_needs_a_project_and_a_name(self, store: RunStore, flow: Flow) -> None:
        """An unknown project and a flow without a name are refused, and nothing is kept."""
        with pytest.raises(RecordNotFound, match=MISSING):
            store.register_flow(MISSING, serialized_flow())
        with pytest.raises(ValueError, match="name"):
            store.register_flow(flow.project_id, {"tasks": []})
        assert len(store.list_flows()) == 1

    def test_tasks_have_their_fields(self, store: RunStore, flow: Flow) -> None:
        """Tasks take their columns from the wire form and their place from the edges."""
        tasks = {task.slug: task for task in store.list_tasks(flow.id)}
        assert sorted(tasks) == ["clean-1", "load-1", "path", "sum-1"]
        load = tasks["load-1"]
        assert (load.name, load.max_retries, load.retry_delay) == ("load", 2, 1.5)
        assert load.trigger == "prefect.triggers.all_successful"
        assert load.tags == ["a", "b"]
        assert [slug for slug, task in sorted(tasks.items()) if task.mapped] == ["clean-1"]
        assert [slug for slug, task in tasks.items() if task.is_root_task] == ["path"]
        assert [slug for slug, task in tasks.items() if task.is_terminal_task] == ["sum-1"]
        assert [slug for slug, task in tasks.items() if task.is_reference_task] == ["sum-1"]

    def test_edges_join_tasks(self, store: RunStore, flow: Flow) -> None:
        """Edges name the ids of the tasks at their ends."""
        slugs = {task.id: task.slug for task in store.list_tasks(flow.id)}
        assert [
            (slugs[edge.upstream_task_id], slugs[edge.downstream_task_id], edge.mapped)
            for edge in store.list_edges(flow.id)
        ] == [("path", "load-1", False), ("load-1", "clean-1", True), ("clean-1", "sum-1", False)]

    def test_tasks_and_edges_may_come_in_batches(self, store: RunStore, flow: Flow) -> None:
        """Adding tasks and edges later, even twice, gives what registering at once gives."""
        whole = serialized_flow("batches")
        tasks, edges = whole.pop("tasks"), whole.pop("edges")
        late = store.register_flow(flow.project_id, whole)
        for _ in range(2):
            store.add_tasks(late.id, tasks[:3])
            store.add_tasks(late.id, tasks[2:])
            store.add_edges(late.id, edges)

        def shape(flow_id: str) -> Any:
            leave_out = attrs.filters.exclude("id", "flow_id", "created", "updated")
            return [attrs.asdict(task, filter=leave_out) for task in store.list_tasks(flow_id)]

        assert shape(late.id) == shape(flow.id)
        assert len(store.list_edges(late.id)) == 3

    def test_edge_to_an_unknown_task_is_refused(self, store: RunStore, flow: Flow) -> None:
        """An edge must name tasks of its flow."""
        edge = {"upstream_task": {"slug": "nobody-1"}, "downstream_task": {"slug": "sum-1"}}
        with pytest.raises(ValueError, match="nobody-1"):
            store.add_edges(flow.id, [edge])

    def test_flow_can_be_archived_switched_and_deleted(self, store: RunStore, flow: Flow) -> None:
        """Switches of a flow are kept; a deleted flow is gone with its tasks."""
        store.archive_flow(flow.id)
        store.set_schedule_active(flow.id)
        assert store.get_flow(flow.id).archived
        assert store.get_flow(flow.id).is_schedule_active
        store.delete_flow(flow.id)
        assert store.list_tasks(flow.id) == []
        with pytest.raises(RecordNotFound, match=flow.id):
            store.delete_flow(flow.id)

    def test_concurrent_registrations_number_their_versions(
        self, store: RunStore, flow: Flow
    ) -> None:
        """Registrations at the same time get different versions; one of them is not archived."""
        with ThreadPoolExecutor(4) as pool:
            jobs = [
                pool.submit(store.register_flow, flow.project_id, serialized_flow())
                for _ in range(8)
            ]
            versions = sorted(job.result().version for job in jobs)
        assert versions == list(range(2, 10))
        assert [item.version for item in store.list_flows(archived=False)] == [9]


class FlowRunContract(_Given):
    """Flow runs."""

    def test_flow_run_starts_scheduled(self, store: RunStore, flow: Flow) -> None:
        """A new run is scheduled for its start time and takes defaults from its flow."""
        run = store.create_flow_run(flow.id, scheduled_start_time=MOMENT)
        assert (run.flow_id, run.version, run.state) == (flow.id, 1, "Scheduled")
        assert run.scheduled_start_time == run.state_start_time == MOMENT
        assert run.labels == ["blue"]
        assert run.run_config == {"type": "LocalRun", "labels": ["blue"]}
        assert run.name
        assert run.start_time is None
        assert store.get_flow_run(run.id) == run

    def test_flow_run_keeps_what_it_is_given(self, store: RunStore, flow: Flow) -> None:
        """Parameters, context, labels, name, id and first state are kept."""
        run_id = new_id()
        run = store.create_flow_run(
            flow.id,
            id=run_id,
            name="mine",
            parameters={"path": ["\x00", "ü", 1.5, None]},
            context={"k": {"a": 1}},
            labels=["z", "a", "a"],
            run_config={"type": "UniversalRun"},
            state={"type": "Pending", "message": "m"},
        )
        assert (run.id, run.name, run.labels) == (run_id, "mine", ["a", "z"])
        assert run.parameters == {"path": ["\x00", "ü", 1.5, None]}
        assert run.context == {"k": {"a": 1}}
        assert run.run_config == {"type": "UniversalRun"}
        assert (run.state, run.state_message) == ("Pending", "m")

    def test_flow_run_id_is_taken_once(self, store: RunStore, run: FlowRun) -> None:
        """A second run with the same id is refused."""
        with pytest.raises(RecordExists):
            store.create_flow_run(run.flow_id, id=run.id)

    def test_flow_run_needs_a_flow(self, store: RunStore) -> None:
        """A run of an unknown flow is refused."""
        with pytest.raises(RecordNotFound, match=MISSING):
            store.create_flow_run(MISSING)

    def test_idempotency_key_creates_once(self, store: RunStore, flow: Flow) -> None:
        """One key makes one run of a flow, also when callers come at the same time."""
        with ThreadPoolExecutor(4) as pool:
            jobs = [
                pool.submit(store.create_flow_run, flow.id, idempotency_key="k") for _ in range(8)
            ]
            assert len({job.result().id for job in jobs}) == 1
        assert len(store.list_flow_runs(flow_id=flow.id).items) == 1
        assert store.create_flow_run(flow.id, idempotency_key="other").idempotency_key == "other"

    def test_task_runs_for_legacy_runners(self, store: RunStore, flow: Flow) -> None:
        """On demand every task gets a Pending task run at once."""
        run = store.create_flow_run(flow.id, task_runs=True)
        runs = store.list_task_runs(run.id).items
        assert sorted(item.task_slug for item in runs) == ["clean-1", "load-1", "path", "sum-1"]
        assert {(item.map_index, item.state, item.version) for item in runs} == {(-1, "Pending", 1)}

    def test_flow_runs_come_in_pages(self, store: RunStore, flow: Flow) -> None:
        """Pages hold the newest first, every run once."""
        made = [store.create_flow_run(flow.id).id for _ in range(5)]
        first = store.list_flow_runs(limit=2)
        second = store.list_flow_runs(limit=2, after=first.next)
        third = store.list_flow_runs(limit=2, after=second.next)
        seen = [run.id for page in (first, second, third) for run in page.items]
        assert seen == made[::-1]
        assert third.next is None

    def test_flow_runs_are_filtered(self, store: RunStore, flow: Flow) -> None:
        """Runs can be asked for by flow and by state."""
        one, two = store.create_flow_run(flow.id), store.create_flow_run(flow.id)
        store.set_flow_run_states([NewState(one.id, RUNNING)])
        assert [run.id for run in store.list_flow_runs(states=["Running"]).items] == [one.id]
        assert [run.id for run in store.list_flow_runs(states=["Scheduled"]).items] == [two.id]
        assert store.list_flow_runs(flow_id=MISSING).items == ()

    def test_ready_flow_runs_are_due_and_match_labels(self, store: RunStore, flow: Flow) -> None:
        """An agent gets the runs that are due and whose labels it has, the longest due first."""
        late = store.create_flow_run(flow.id, labels=["a"], scheduled_start_time=MOMENT)
        early = store.create_flow_run(
            flow.id, labels=["a", "b"], scheduled_start_time=MOMENT - timedelta(hours=1)
        )
        bare = store.create_flow_run(flow.id, labels=[], scheduled_start_time=MOMENT)
        store.create_flow_run(flow.id, labels=["a"])
        assert store.ready_flow_runs(before=MOMENT, labels=["a", "b"]) == [early.id, late.id]
        assert store.ready_flow_runs(before=MOMENT, labels=["a", "b"], limit=1) == [early.id]
        assert store.ready_flow_runs(before=MOMENT, labels=["a"]) == [late.id]
        assert store.ready_flow_runs(before=MOMENT) == [bare.id]

    def test_running_flow_run_with_a_due_task_is_ready(
        self, store: RunStore, run: FlowRun, task_run: TaskRun
    ) -> None:
        """A running flow run is ready again when one of its task runs waits for a retry."""
        store.set_flow_run_states([NewState(run.id, RUNNING)])
        assert store.ready_flow_runs(before=MOMENT, labels=["blue"]) == []
        retry = {"type": "Retrying", "start_time": MOMENT.isoformat()}
        store.set_task_run_states([NewState(task_run.id, retry)])
        assert store.ready_flow_runs(before=MOMENT, labels=["blue"]) == [run.id]

    def test_flow_run_can_be_renamed_and_beats(self, store: RunStore, run: FlowRun) -> None:
        """Name and heartbeat are kept, and `updated` tells that something changed."""
        store.set_flow_run_name(run.id, "renamed")
        store.beat(run.id)
        changed = store.get_flow_run(run.id)
        assert changed.name == "renamed"
        assert changed.heartbeat is not None
        assert changed.heartbeat.tzinfo is timezone.utc
        assert changed.updated > run.updated

    def test_deleted_flow_run_is_gone(
        self, store: RunStore, run: FlowRun, task_run: TaskRun
    ) -> None:
        """With a flow run go its task runs, states and logs."""
        store.write_logs([NewLog(run.id, "hello", task_run_id=task_run.id)])
        store.delete_flow_run(run.id)
        assert store.list_logs(run.id).items == ()
        for read in (store.get_flow_run, store.flow_run_states):
            with pytest.raises(RecordNotFound, match=run.id):
                read(run.id)
        with pytest.raises(RecordNotFound, match=task_run.id):
            store.get_task_run(task_run.id)


class TaskRunContract(_Given):
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


class StateContract(_Given):
    """States, versions and history."""

    def test_state_is_kept_as_given(self, store: RunStore, task_run: TaskRun) -> None:
        """The wire form comes back as it was, key order and odd characters included."""
        state = {
            "type": "Success",
            "message": "nul \x00, half a pair \ud800, ü, 🐧",
            "_result": {"z": [1, 2.5, None, True], "a": {"\x00": "\ud800"}},
            "context": {},
        }
        store.set_task_run_states([NewState(task_run.id, state)])
        stored = store.get_task_run(task_run.id).serialized_state
        assert stored == state
        assert list(stored) == list(state)
        [past] = store.task_run_states(task_run.id)
        assert past.serialized_state == state
        assert past.message is not None
        assert past.message.endswith("ü, 🐧")

    def test_states_count_versions_up(self, store: RunStore, task_run: TaskRun) -> None:
        """Each state adds one to the version, starts and ends the run, and stays in the history."""
        outcomes = store.set_task_run_states(
            [
                NewState(task_run.id, RUNNING, 0, MOMENT),
                NewState(task_run.id, SUCCESS, 1, MOMENT + timedelta(seconds=1)),
            ]
        )
        assert [(outcome.applied, outcome.version) for outcome in outcomes] == [
            (True, 1),
            (True, 2),
        ]
        changed = store.get_task_run(task_run.id)
        assert (changed.version, changed.state, changed.state_message) == (2, "Success", "Done.")
        assert changed.state_id == outcomes[1].state_id
        assert changed.start_time == MOMENT
        assert changed.end_time == changed.state_timestamp == MOMENT + timedelta(seconds=1)
        assert [state.state for state in store.task_run_states(task_run.id)] == [
            "Running",
            "Success",
        ]

    def test_running_again_has_no_end(self, store: RunStore, task_run: TaskRun) -> None:
        """A run that goes on after it had finished keeps its first start and loses its end."""
        store.set_task_run_states(
            [NewState(task_run.id, state, None, MOMENT) for state in (RUNNING, SUCCESS)]
        )
        store.set_task_run_states([NewState(task_run.id, RUNNING)])
        changed = store.get_task_run(task_run.id)
        assert changed.start_time == MOMENT
        assert changed.end_time is None

    def test_late_writer_changes_nothing(self, store: RunStore, task_run: TaskRun) -> None:
        """A state for an older version is refused, and with it everything in the same call."""
        other = store.get_or_create_task_run(task_run.flow_run_id, task_slug="sum-1")
        store.set_task_run_states([NewState(task_run.id, SUCCESS, 0)])
        late = [NewState(other.id, RUNNING, 0), NewState(task_run.id, RUNNING, 0)]
        with pytest.raises(VersionConflict, match=task_run.id) as caught:
            store.set_task_run_states(late)
        assert [outcome.applied for outcome in caught.value.outcomes] == [True, False]
        assert caught.value.outcomes[1].version == 1
        assert store.get_task_run(task_run.id).state == "Success"
        assert store.get_task_run(other.id).version == 0
        assert len(store.task_run_states(task_run.id)) == 1

    def test_conflicts_can_be_skipped(self, store: RunStore, task_run: TaskRun) -> None:
        """On demand the states that are not late are set, and those of a run that lost are not."""
        other = store.get_or_create_task_run(task_run.flow_run_id, task_slug="sum-1")
        store.set_task_run_states([NewState(task_run.id, SUCCESS, 0)])
        outcomes = store.set_task_run_states(
            [
                NewState(task_run.id, RUNNING, 0),
                NewState(other.id, RUNNING, 0),
                NewState(task_run.id, SUCCESS),
            ],
            on_conflict="skip",
        )
        assert [outcome.applied for outcome in outcomes] == [False, True, False]
        assert [outcome.version for outcome in outcomes] == [1, 1, 1]
        assert store.get_task_run(other.id).state == "Running"

    def test_one_of_many_writers_wins(self, store: RunStore, task_run: TaskRun) -> None:
        """Of writers that expect the same version exactly one sets its state."""

        def write(index: int) -> bool:
            state = {"type": "Running", "message": str(index)}
            change = NewState(task_run.id, state, 0)
            return store.set_task_run_states([change], on_conflict="skip")[0].applied

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(write, range(16))) == 1
        assert store.get_task_run(task_run.id).version == 1

    def test_flow_run_states(self, store: RunStore, run: FlowRun) -> None:
        """Flow runs change state by the same rules."""
        store.set_flow_run_states([NewState(run.id, RUNNING, run.version, MOMENT)])
        with pytest.raises(VersionConflict):
            store.set_flow_run_states([NewState(run.id, SUCCESS, run.version)])
        changed = store.get_flow_run(run.id)
        assert (changed.state, changed.start_time) == ("Running", MOMENT)
        history = store.flow_run_states(run.id)
        assert [(state.version, state.state) for state in history] == [
            (1, "Scheduled"),
            (2, "Running"),
        ]
        assert {state.run_id for state in history} == {run.id}

    def test_bad_states_are_refused(self, store: RunStore, task_run: TaskRun) -> None:
        """An unknown run, a state without type and a moment without timezone set nothing."""
        good = NewState(task_run.id, RUNNING)
        with pytest.raises(RecordNotFound, match=MISSING):
            store.set_task_run_states([good, NewState(MISSING, RUNNING)])
        with pytest.raises(RecordNotFound, match="not an id"):
            store.set_task_run_states([NewState("not an id", RUNNING)])
        with pytest.raises(ValueError, match="type"):
            store.set_task_run_states([good, NewState(task_run.id, {"message": "m"})])
        with pytest.raises(ValueError, match="timezone"):
            naive = datetime(2021, 5, 12)
            store.set_task_run_states([good, NewState(task_run.id, RUNNING, None, naive)])
        assert store.get_task_run(task_run.id).version == 0
        assert store.set_task_run_states([]) == []

    def test_moments_are_utc(self, store: RunStore, task_run: TaskRun) -> None:
        """A moment given in another timezone comes back as the same moment in UTC."""
        elsewhere = MOMENT.astimezone(timezone(timedelta(hours=5, minutes=45)))
        store.set_task_run_states([NewState(task_run.id, RUNNING, None, elsewhere)])
        changed = store.get_task_run(task_run.id)
        for moment in (changed.state_timestamp, changed.start_time, changed.created):
            assert moment is not None
            assert moment.tzinfo is timezone.utc
        assert changed.state_timestamp == MOMENT


class LogContract(_Given):
    """Logs and key-value pairs."""

    def test_logs_come_in_order_and_pages(
        self, store: RunStore, run: FlowRun, task_run: TaskRun
    ) -> None:
        """Lines are sorted by time, those of one moment as they were written, every line once."""
        moments = [MOMENT, MOMENT, MOMENT - timedelta(seconds=1), MOMENT + timedelta(seconds=1)]
        store.write_logs(
            [NewLog(run.id, f"line {i}", timestamp=moment) for i, moment in enumerate(moments)]
        )
        first = store.list_logs(run.id, limit=3)
        second = store.list_logs(run.id, limit=3, after=first.next)
        assert [line.message for line in (*first.items, *second.items)] == [
            *("line 2", "line 0", "line 1", "line 3"),
        ]
        assert second.next is None

    def test_logs_are_filtered(self, store: RunStore, run: FlowRun, task_run: TaskRun) -> None:
        """Lines can be asked for by task run, by time and by level."""
        store.write_logs(
            [
                NewLog(run.id, "one", timestamp=MOMENT),
                NewLog(
                    run.id,
                    "two \x00",
                    "ERROR",
                    "prefect.sum",
                    task_run.id,
                    MOMENT + timedelta(seconds=1),
                    {"line": 7},
                ),
            ]
        )

        def found(**wanted: Any) -> list[str]:
            return [str(line.message)[:3] for line in store.list_logs(run.id, **wanted).items]

        assert found(task_run_id=task_run.id) == ["two"]
        assert found(since=MOMENT) == ["two"]
        assert found(until=MOMENT) == ["one"]
        assert found(levels=["INFO"]) == ["one"]
        [line] = store.list_logs(run.id, levels=["ERROR"]).items
        assert (line.name, line.info, line.task_run_id) == ("prefect.sum", {"line": 7}, task_run.id)

    def test_logs_need_a_run(self, store: RunStore, run: FlowRun) -> None:
        """A line for an unknown run is refused, and the others in the call with it."""
        with pytest.raises(RecordNotFound):
            store.write_logs([NewLog(run.id, "hello"), NewLog(MISSING, "lost")])
        assert store.list_logs(run.id).items == ()

    @pytest.mark.parametrize("value", [None, 0, "text", [1, {"a": None}], {"b": 1.5}])
    def test_key_value(self, store: RunStore, value: Any) -> None:
        """Any JSON value can be kept under a key, replaced, and deleted."""
        first = store.set_key_value("k", "before")
        assert store.set_key_value("k", value) == first
        assert store.get_key_value("k") == value
        store.set_key_value("a", 1)
        assert store.list_keys() == ["a", "k"]
        store.delete_key("k")
        for use in (store.get_key_value, store.delete_key):
            with pytest.raises(RecordNotFound, match="k"):
                use("k")


class TransactionContract(_Given):
    """Transactions, and stores in other threads."""

    def test_transaction_is_kept_or_undone_as_a_whole(
        self, store: RunStore, run: FlowRun, task_run: TaskRun
    ) -> None:
        """What a block wrote before an exception is undone; without one all of it is kept."""
        with pytest.raises(KeyError), store.transaction():
            store.write_logs([NewLog(run.id, "lost")])
            store.set_task_run_states([NewState(task_run.id, RUNNING)])
            raise KeyError
        assert store.list_logs(run.id).items == ()
        assert store.get_task_run(task_run.id).version == 0
        with store.transaction(), store.transaction():
            store.write_logs([NewLog(run.id, "kept")])
            store.set_task_run_states([NewState(task_run.id, RUNNING)])
            assert store.get_task_run(task_run.id).version == 1
        assert [line.message for line in store.list_logs(run.id).items] == ["kept"]

    def test_failed_call_leaves_its_transaction_alive(self, store: RunStore, run: FlowRun) -> None:
        """A call that fails inside a block undoes itself only."""
        with store.transaction():
            store.write_logs([NewLog(run.id, "before")])
            with pytest.raises(RecordNotFound):
                store.write_logs([NewLog(run.id, "lost"), NewLog(MISSING, "lost")])
            store.write_logs([NewLog(run.id, "after")])
        assert [line.message for line in store.list_logs(run.id).items] == ["before", "after"]

    def test_other_threads_see_what_is_committed(self, store: RunStore, run: FlowRun) -> None:
        """A transaction of one thread is not that of another, and readers do not wait for it."""
        with ThreadPoolExecutor(1) as pool, store.transaction():
            store.write_logs([NewLog(run.id, "hello")])
            assert pool.submit(store.list_logs, run.id).result().items == ()
        assert len(store.list_logs(run.id).items) == 1

    def test_store_is_pickled_as_its_url(self, store: RunStore, run: FlowRun) -> None:
        """A store sent elsewhere opens the same database there."""
        other = pickle.loads(pickle.dumps(store))
        assert other.url == store.url
        assert other.get_flow_run(run.id) == run
        other.close()

    def test_closed_store_opens_again(self, store: RunStore, run: FlowRun) -> None:
        """Closing releases connections and nothing else."""
        store.close()
        assert store.get_flow_run(run.id) == run


class RunStoreContract(
    FlowContract, FlowRunContract, TaskRunContract, StateContract, LogContract, TransactionContract
):
    """Everything that a run store must do. Subclasses give the fixture `store`, empty."""
