"""Flow runs in a run store."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta, timezone

import pytest

from prefect_results.backend.store import Flow, FlowRun, NewLog, NewState, RunStore, TaskRun, new_id
from prefect_results.exceptions import RecordExists, RecordNotFound
from prefect_results.testing.stores.given import MISSING, MOMENT, RUNNING, Given


class FlowRunContract(Given):
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
