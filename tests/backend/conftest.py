"""What the tests of the backend share: run stores on both databases."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy", reason="the run store needs the extra `backend`")
pytest.importorskip("alembic", reason="the run store needs the extra `backend`")

from prefect_results.backend.store import open_store
from prefect_results.backend.store.opening import sqlite_url
from tests.backend.postgres import PostgresServer, PostgresUnavailable


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A running PostgreSQL; skips where there can be none."""
    pytest.importorskip("psycopg", reason="PostgreSQL needs the extra `postgres`")
    try:
        server = PostgresServer()
    except PostgresUnavailable as exc:
        pytest.skip(f"no PostgreSQL to test with: {exc}")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres_with_tables(postgres_server: PostgresServer) -> str:
    """The URL of a database that has the tables."""
    url = postgres_server.url(postgres_server.new_database())
    open_store(url).close()
    return url


@pytest.fixture
def postgres_url(postgres_with_tables: str) -> Iterator[str]:
    """The URL of a PostgreSQL database with empty tables."""
    yield postgres_with_tables
    # Quicker than a database for each test.
    import psycopg

    with psycopg.connect(postgres_with_tables, autocommit=True) as connection:
        for table in ("project", "flow_group", "agent", "key_value"):
            connection.execute(f"DELETE FROM {table}")


@pytest.fixture
def empty_postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a new PostgreSQL database without any table."""
    name = postgres_server.new_database()
    yield postgres_server.url(name)
    postgres_server.drop_database(name)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file that has the tables, to copy from."""
    path = tmp_path_factory.mktemp("template") / "store.db"
    open_store(path).close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store, once for each database."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        shutil.copy(template, tmp_path / "store.db")
        return sqlite_url(tmp_path / "store.db")
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without tables, once for each database."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "folder" / "store.db")
    url: str = request.getfixturevalue("empty_postgres_url")
    return url
