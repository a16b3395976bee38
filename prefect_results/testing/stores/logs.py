"""Logs, key-value pairs and transactions in a run store."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from prefect_results.backend.store import FlowRun, NewLog, NewState, RunStore, TaskRun
from prefect_results.exceptions import RecordNotFound
from prefect_results.testing.stores.given import MISSING, MOMENT, RUNNING, Given


class LogContract(Given):
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


class TransactionContract(Given):
    """Transactions, and stores in other threads."""

    def test_transaction_is_kept_or_undone_as_a_whole(
        self, store: RunStore, run: FlowRun, task_run: TaskRun
    ) -> None:
        """What a block wrote before an exception is undone; without one all of it is kept."""

        def write_and_fail() -> None:
            with store.transaction():
                store.write_logs([NewLog(run.id, "lost")])
                store.set_task_run_states([NewState(task_run.id, RUNNING)])
                raise KeyError

        with pytest.raises(KeyError):
            write_and_fail()
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
