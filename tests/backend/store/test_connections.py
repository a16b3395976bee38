"""Connections that break: what is asked while they do, and afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from prefect_results.backend.store import new_id, open_store
from prefect_results.exceptions import StoreError, StoreSchemaError, StoreUnavailable


def test_a_store_survives_its_connections(postgres_url: str) -> None:
    """When the server ends a connection, one call says so and the next one works."""
    import psycopg

    store = open_store(postgres_url)
    flow_run_id = new_id()
    assert store.find_task_run(flow_run_id, "any") is None
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    with psycopg.connect(postgres_url, autocommit=True) as other:
        other.execute(f"{end} AND datname = current_database()")
    with pytest.raises(StoreUnavailable, match="cannot be used"):
        store.find_task_run(flow_run_id, "any")
    assert store.find_task_run(flow_run_id, "any") is None
    store.close()


def test_a_file_that_is_no_store_is_named(tmp_path: Path) -> None:
    """The error for a file of something else, or none that can be opened, says which it is."""
    path = tmp_path / "notes.txt"
    path.write_text("no database" * 99)
    with pytest.raises(StoreSchemaError, match=r"notes\.txt is no run store"):
        open_store(path)
    with pytest.raises(StoreUnavailable, match=rf"the run store at {tmp_path} cannot be used"):
        open_store(tmp_path)


def test_an_unreachable_server_is_named_without_its_password() -> None:
    """The error says which host and database, and not as whom."""
    with pytest.raises(StoreUnavailable, match=r"at 127\.0\.0\.1:1/runs cannot") as caught:
        open_store("postgresql://me:hidden@127.0.0.1:1/runs")
    assert "hidden" not in str(caught.value)


def test_a_table_that_is_gone_is_said(tmp_path: object) -> None:
    """What the driver refuses is an error of ours, chained to the driver's."""
    import sqlite3

    path = f"{tmp_path}/runs.db"
    store = open_store(path)
    connection = sqlite3.connect(path)
    connection.execute("DROP TABLE task_run")
    connection.close()
    with pytest.raises(StoreError, match="no such table") as caught:
        store.find_task_run(new_id(), "any")
    assert isinstance(caught.value.__cause__.__cause__, sqlite3.OperationalError)  # type: ignore[union-attr]
    store.close()
