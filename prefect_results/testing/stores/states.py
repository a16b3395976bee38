"""States, versions and history in a run store."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import pytest

from prefect_results.backend.store import FlowRun, NewState, RunStore, TaskRun
from prefect_results.exceptions import RecordNotFound, VersionConflict
from prefect_results.testing.stores.given import MISSING, MOMENT, RUNNING, SUCCESS, Given


class StateContract(Given):
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
        naive = datetime(2021, 5, 12)
        with pytest.raises(ValueError, match="timezone"):
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
