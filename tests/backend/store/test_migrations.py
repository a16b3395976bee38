"""Creating the tables and keeping them up to date."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from prefect_results.backend.store import migrate, open_store, schema
from prefect_results.backend.store.ids import new_id
from prefect_results.backend.store.sql.database import Database
from prefect_results.backend.store.sql.rows import now
from prefect_results.backend.store.sql.store import SqlRunStore
from prefect_results.exceptions import StoreSchemaError


@pytest.fixture
def store(store_url: str) -> Iterator[SqlRunStore]:
    """A store with tables."""
    store = SqlRunStore(store_url)
    yield store
    store.close()


def test_migrations_make_the_tables_of_the_schema(store: SqlRunStore) -> None:
    """Alembic finds no difference between the migrated database and the metadata."""
    with store.database.read() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "compare_server_default": True,
                "version_table": migrate.VERSION_TABLE,
            },
        )
        assert compare_metadata(context, schema.metadata) == []


def test_partial_indexes_are_partial(store: SqlRunStore) -> None:
    """The conditions of indexes, which Alembic does not compare, are in the database."""
    expected = {
        index.name: index.dialect_options[store.database.dialect]["where"].text
        for table in schema.metadata.tables.values()
        for index in table.indexes
        if index.dialect_options[store.database.dialect]["where"] is not None
    }
    assert len(expected) == 3
    if store.database.dialect == "sqlite":
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql LIKE '%WHERE%'"
    else:
        query = "SELECT indexname, indexdef FROM pg_indexes WHERE indexdef LIKE '%WHERE%'"
    with store.database.read() as connection:
        found = {row[0]: row[1] for row in connection.execute(text(query))}
    assert sorted(found) == sorted(expected)
    for name, condition in expected.items():
        assert condition in found[name].replace("(", "").replace(")", "").replace("::text", "")


def test_revision_is_the_newest_migration() -> None:
    """The constant that spares Alembic's import names the head of the migrations."""
    scripts = migrate._scripts()
    assert scripts.get_heads() == [schema.REVISION]


def test_there_is_one_tenant(store: SqlRunStore) -> None:
    """The first migration makes the tenant that everything belongs to."""
    with store.database.read() as connection:
        [row] = connection.execute(schema.tenant.select()).all()
    assert row.id == schema.DEFAULT_TENANT_ID
    assert row.created.tzinfo is not None


def test_pending_migrations_are_listed(empty_url: str) -> None:
    """An empty database needs all migrations, a migrated one none; asking changes nothing."""
    database = Database(empty_url)
    with database.read() as connection:
        assert migrate.pending(connection) == ["0001", "0002"]
        assert migrate.applied(connection) is None
    migrate.ensure(database)
    with database.read() as connection:
        assert migrate.pending(connection) == []
        assert migrate.applied(connection) == schema.REVISION
    database.dispose()


def test_old_store_is_upgraded(empty_url: str) -> None:
    """A database of an earlier release gets what is missing, and keeps what it holds."""
    database = Database(empty_url)
    if database.dialect == "sqlite":
        migrate._switch_to_wal(database)
    database.run(lambda connection: migrate._upgrade(connection, "0001"))
    with database.write() as connection:
        projects = schema.project.insert().values(
            id=new_id(),
            created=now(),
            updated=now(),
            tenant_id=schema.DEFAULT_TENANT_ID,
            name="kept",
        )
        connection.execute(projects)
        assert migrate.pending(connection) == ["0002"]
    database.dispose()
    store = SqlRunStore(empty_url)
    assert [project.name for project in store.list_projects()] == ["kept"]
    with store.database.read() as connection:
        assert migrate.applied(connection) == schema.REVISION
        names = {index["name"] for index in inspect(connection).get_indexes("task_run")}
    assert "ix_task_run_flow_run_id_map_index" in names
    store.close()


def test_failed_migration_leaves_nothing(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables and the record of them are made together or not at all."""
    database = Database(empty_url)
    upgrade = migrate._upgrade

    def fail(connection: Any) -> None:
        upgrade(connection)
        raise KeyError("power cut")

    monkeypatch.setattr(migrate, "_upgrade", fail)
    with pytest.raises(KeyError):
        migrate.ensure(database)
    with database.read() as connection:
        assert migrate.applied(connection) is None
        assert not connection.dialect.has_table(connection, "flow_run")
    monkeypatch.undo()
    migrate.ensure(database)
    database.dispose()


def test_newer_store_is_refused(store: SqlRunStore) -> None:
    """A store made by a newer release is left alone, with an error that says so."""
    statement = f"UPDATE {migrate.VERSION_TABLE} SET version_num = "
    with store.database.write() as connection:
        connection.execute(text(f"{statement} '9999'"))
    with pytest.raises(StoreSchemaError, match="9999"):
        open_store(store.url)
    with store.database.write() as connection:
        connection.execute(text(f"{statement} '{schema.REVISION}'"))


def test_file_that_is_no_database(tmp_path: Path) -> None:
    """A file with something else in it is refused and left as it is."""
    path = tmp_path / "notes.txt"
    path.write_text("Not a database, but long enough to look like one. " * 10)
    before = path.read_bytes()
    with pytest.raises(StoreSchemaError, match="not a database"):
        open_store(path)
    assert path.read_bytes() == before


def test_wal_is_kept_in_the_file(tmp_path: Path) -> None:
    """The file is in write-ahead mode for everybody, and only its owner may read it."""
    path = tmp_path / "store.db"
    open_store(path).close()
    assert path.stat().st_mode & 0o777 == 0o600
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA page_size").fetchone() == (8192,)
    connection.close()
