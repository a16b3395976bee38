"""`server start` and `agent start`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from prefect_results.backend.registering import register
from prefect_results.backend.store import RunStore
from prefect_results.server import ServerProcess
from tests.backend import recorded
from tests.cli.conftest import Cli

ROOT = Path(__file__).parents[2]


def test_the_api_is_served(cli: Cli, store: RunStore, run_id: str, db: str, tmp_path: Path) -> None:
    """A server in a process of its own says its URL, and `--api` reads from there."""
    pytest.importorskip("uvicorn", reason="the API needs the extra `server`")
    command = [sys.executable, "-m", "prefect_results", "server", "start", "--port", "0"]
    with (
        open(tmp_path / "log", "w") as log,
        subprocess.Popen(
            [*command, "--db", db, "--json"],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(3)]
            assert lines[-1] == "}\n", (tmp_path / "log").read_text()
            where = ("--api", json.loads("".join(lines))["url"])
            assert [row["id"] for row in cli.json("flow-run", "list", *where)] == [run_id]
            told = cli.json("task-run", "result", run_id, "inc-1", *where)
            assert told["value"] == [1, 2, 3, 4, 5, 6]
        finally:
            process.terminate()


def test_a_server_for_others_needs_a_key(cli: Cli, db: str) -> None:
    """Listening beyond this machine without a key is refused."""
    pytest.importorskip("uvicorn", reason="the API needs the extra `server`")
    assert "--key" in cli.error("server", "start", "--host", "0.0.0.0", "--db", db)


def test_a_key_that_is_missing_is_asked_for(cli: Cli, db: str) -> None:
    """The error is the server's words, and where to give the key."""
    pytest.importorskip("uvicorn", reason="the API needs the extra `server`")
    with ServerProcess(db, key="k") as server:
        line = cli.error("flow-run", "list", "--api", server.url)
    assert line == (
        "Error: UNAUTHENTICATED: a valid key is needed. Give it by PREFECT__CLOUD__API_KEY."
    )


def test_an_agent_executes_what_is_due(cli: Cli, store: RunStore, db: str) -> None:
    """With --once it ends when the runs that are due are finished."""
    flow_id = register(recorded.example_flow(), project_name="polar", no_url=True, source=store)
    run = store.create_flow_run(flow_id)
    told = cli.json("agent", "start", "--once", "--name", "tester", "--db", db)
    assert told["name"] == "tester"
    assert store.get_flow_run(run.id).state == "Success"
    value = cli.json("task-run", "result", run.id, "total-1", "--db", db)["value"]
    assert value == 21


def test_an_agent_needs_the_store(cli: Cli) -> None:
    """It cannot work over an API."""
    cli.error("agent", "start", "--once", "--db", "http://api.invalid", code=2)
