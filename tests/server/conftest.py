"""What the tests of the server share: servers on both databases, and ways to ask them."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sqlalchemy", reason="the server needs the extra `server`")
pytest.importorskip("alembic", reason="the server needs the extra `server`")
pytest.importorskip("graphql", reason="the server needs the extra `server`")
pytest.importorskip("starlette", reason="the server needs the extra `server`")
pytest.importorskip("uvicorn", reason="the server needs the extra `server`")

from prefect_results.backend.store import open_store
from prefect_results.backend.store.opening import sqlite_url
from prefect_results.server import ServerProcess
from prefect_results.server.execution import execute
from prefect_results.server.operations import Caller
from tests.backend.conftest import postgres_server
from tests.backend.postgres import PostgresServer
from tests.peers import legacy_environment

__all__ = ["postgres_server"]

HERE = Path(__file__).parent


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The URL of an empty store for a module, once for each database."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path_factory.mktemp("store") / "store.db")
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = server.new_database()
    yield server.url(name)
    server.drop_database(name)


@pytest.fixture(scope="module")
def store(database_url: str) -> Iterator[Any]:
    """A store for a module."""
    opened = open_store(database_url)
    yield opened
    opened.close()


Ask = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def ask(store: Any) -> Ask:
    """Execute a document on the store, in this process; returns the response."""

    def asked(query: str, **variables: Any) -> dict[str, Any]:
        reply = execute({"query": query, "variables": variables}, Caller(store))
        # As a client would read it.
        read: dict[str, Any] = json.loads(json.dumps(reply.body))
        return read

    return asked


@pytest.fixture(scope="module")
def server(database_url: str) -> Iterator[ServerProcess]:
    """A server in a process of its own, once for each database."""
    with ServerProcess(database_url) as running:
        yield running


def run_legacy(python: Path, script: str, url: str, folder: Path, **settings: str) -> Any:
    """Run a script of this folder under Prefect 1.4.1, pointed at a server; return what it tells.

    Args:
        python: The interpreter that has Prefect 1.4.1.
        script: Name of the script; it writes JSON to the path that is its first argument.
        url: Of the server.
        folder: For its home and its files.
        **settings: Settings of Prefect beside those that point at the server.
    """
    host, _, port = url.rpartition(":")
    out = folder / "told.json"
    env = {
        **legacy_environment(),
        "HOME": str(folder),
        "PREFECT__HOME_DIR": str(folder / "home"),
        "PREFECT__USER_CONFIG_PATH": os.devnull,
        "PREFECT__BACKEND": "server",
        "PREFECT__SERVER__HOST": host,
        "PREFECT__SERVER__PORT": port,
        "PREFECT__CLOUD__AGENT__LEVEL": "DEBUG",
        "PREFECT__CLOUD__CHECK_CANCELLATION_INTERVAL": "1",
        **settings,
    }
    done = subprocess.run(
        [str(python), str(HERE / script), str(out)],
        env=env,
        cwd=folder,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=600,
    )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-5000:]}"
    return json.loads(out.read_text())
