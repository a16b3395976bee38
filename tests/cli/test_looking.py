"""`flow-run`, `task-run`, `kv` and `config`: what is recorded, over a store and over an API."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator
from datetime import datetime, timezone

import pytest

from prefect_results import context
from prefect_results.backend.access import open_access
from prefect_results.backend.store import NewLog, RunStore
from prefect_results.cli import logs
from prefect_results.cli.options import Settings
from prefect_results.configuration import config
from tests.backend import recorded
from tests.cli.conftest import Cli

pytest.importorskip("graphql", reason="the API needs the extra `server`")

from tests.backend.views.conftest import ApiOfStore

UNKNOWN = recorded.MISSING


@pytest.fixture(params=["--db", "--api"])
def where(
    request: pytest.FixtureRequest, store: RunStore, db: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, str]]:
    """The options that name the run store, directly and through its API."""
    if request.param == "--db":
        yield ("--db", db)
        return
    remote = open_access(ApiOfStore(store))
    monkeypatch.setattr(Settings, "access", lambda self: remote)
    yield ("--api", "http://api.invalid")


def test_flow_runs_are_listed(
    cli: Cli, store: RunStore, run_id: str, where: tuple[str, str]
) -> None:
    """The newest comes first; names and states choose."""
    other = recorded.record(store, recorded.example_flow("other"))
    rows = cli.json("flow-run", "list", *where)
    assert [row["id"] for row in rows] == [other, run_id]
    row = cli.json("flow-run", "list", "--flow", "example-mapped", *where)[0]
    assert (row["id"], row["flow"], row["state"]) == (run_id, "example-mapped", "Success")
    assert set(row) == set(
        "id name flow flow_version state message created scheduled_start_time start_time "
        "end_time".split()
    )
    assert cli.json("flow-run", "list", "--state", "Failed", *where) == []
    assert len(cli.json("flow-run", "list", "--limit", "1", *where)) == 1
    assert run_id in cli("flow-run", "list", *where).stdout


def test_a_flow_run_that_waits_says_until_when(
    cli: Cli, store: RunStore, run_id: str, where: tuple[str, str]
) -> None:
    """Lists and facts tell when a run is due, as long as one waits."""
    assert "DUE" not in cli("flow-run", "list", *where).stdout
    flow_id = store.get_flow_run(run_id).flow_id
    due = datetime(2042, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    waiting = store.create_flow_run(flow_id, scheduled_start_time=due).id
    heading, line, _ = cli("flow-run", "list", *where).stdout.splitlines()
    assert "DUE" in heading
    assert "2042-01-02 03:04:05Z" in line
    assert "2042-01-02T03:04:05" in cli("flow-run", "show", waiting, *where).stdout


def test_a_flow_run_is_shown(cli: Cli, run_id: str, where: tuple[str, str]) -> None:
    """Its flow, its history and how many task runs are in which state."""
    told = cli.json("flow-run", "show", run_id, *where)
    assert (told["flow"], told["project"], told["state"]) == ("example-mapped", "polar", "Success")
    assert [one["state"] for one in told["states"]] == ["Scheduled", "Running", "Success"]
    assert told["task_runs"] == {"Mapped": 1, "Success": 9}
    assert "example-mapped" in cli("flow-run", "show", run_id, *where).stdout
    assert UNKNOWN in cli.error("flow-run", "show", UNKNOWN, *where)


def test_a_log_is_printed(cli: Cli, run_id: str, where: tuple[str, str]) -> None:
    """Lines come oldest first; a level leaves out those below it."""
    lines = cli.json("flow-run", "logs", run_id, *where)
    assert [line["message"] for line in lines] == ["Beginning", "Ending"]
    assert cli.json("flow-run", "logs", run_id, "--level", "error", *where) == []
    assert len(cli.json("flow-run", "logs", run_id, "--since", "1h", *where)) == 2
    assert "INFO" in cli("flow-run", "logs", run_id, *where).stdout
    cli.error("flow-run", "logs", run_id, "--since", "soon", *where, code=2)


def test_a_log_is_followed(
    cli: Cli, store: RunStore, db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines are printed as they come, once each, until the flow run is finished."""
    run_id = store.create_flow_run(recorded.registered(store, recorded.example_flow())).id
    coming = iter(["first", "second", None, "last"])

    def pass_time(seconds: float) -> None:
        line = next(coming, "")
        if line is None:
            recorded.finish(store, run_id)
        elif line:
            store.write_logs([NewLog(run_id, line)])

    monkeypatch.setattr(logs, "sleep", pass_time)
    printed = cli("flow-run", "logs", run_id, "--follow", "--json", "--db", db).stdout
    messages = [json.loads(line)["message"] for line in printed.splitlines()]
    assert messages == ["first", "second", "last"]
    again = cli("flow-run", "logs", run_id, "--follow", "--db", db).stdout
    assert [line.split()[-1] for line in again.splitlines()] == messages


def test_task_runs_are_listed(cli: Cli, run_id: str, where: tuple[str, str]) -> None:
    """By task and map index; slugs, states and children choose."""
    rows = cli.json("task-run", "list", run_id, "--slug", "inc-1", *where)
    assert [row["map_index"] for row in rows] == [-1, 0, 1, 2, 3, 4, 5]
    assert rows[1]["result"]["type"] == "LocalResult"
    assert "value" not in rows[1]["result"]
    alone = cli.json("task-run", "list", run_id, "--no-children", "--state", "Success", *where)
    assert "inc-1" not in {row["task_slug"] for row in alone}
    few = cli("task-run", "list", run_id, "--limit", "2", *where)
    assert "more than 2" in few.stderr
    cli.error("task-run", "list", UNKNOWN, *where)


def test_a_task_run_is_named_in_two_ways(cli: Cli, run_id: str, where: tuple[str, str]) -> None:
    """By its own id, or by flow run, slug and map index."""
    by_slug = cli.json("task-run", "show", run_id, "inc-1", "--map-index", "2", *where)
    assert cli.json("task-run", "show", by_slug["id"], *where) == by_slug
    assert by_slug["states"][-1]["state"] == "Success"
    assert "LocalResult" in cli("task-run", "show", by_slug["id"], *where).stdout
    assert "'inc-1'" in cli.error("task-run", "show", run_id, "inc-2", *where)
    assert "0 to 5" in cli.error("task-run", "show", run_id, "inc-1", "--map-index", "9", *where)
    cli.error("task-run", "show", by_slug["id"], "--map-index", "1", *where, code=2)


def test_results_are_printed(cli: Cli, run_id: str, where: tuple[str, str]) -> None:
    """What a task returned, one child of a mapped one, and all of them in map order."""
    assert cli("task-run", "result", run_id, "foo-1", *where).stdout == "foobar!\n"
    told = cli.json("task-run", "result", run_id, "inc-1", *where)
    assert (told["type"], told["value"]) == ("list", [1, 2, 3, 4, 5, 6])
    child = cli.json("task-run", "result", run_id, "inc-1", "--map-index", "2", *where)
    assert (child["value"], child["map_index"]) == (3, 2)


def test_a_value_that_json_cannot_hold_is_told(cli: Cli, store: RunStore, db: str) -> None:
    """Its repr is there, and that it is no JSON."""
    from prefect_results import Flow, task

    @task
    def odd() -> set[int]:
        return {1}

    with Flow("odd") as flow:
        odd()
    told = cli.json("task-run", "result", recorded.record(store, flow), "odd-1", "--db", db)
    assert (told["is_json"], told["value"], told["repr"]) == (False, None, "{1}")


def test_what_a_terminal_would_obey_is_shown(cli: Cli, store: RunStore, db: str) -> None:
    """Control characters in names are printed as what they are."""
    flow_id = recorded.registered(store, recorded.example_flow())
    store.create_flow_run(flow_id, name="\x1b[31mred")
    assert "\\x1b[31mred" in cli("flow-run", "list", "--db", db).stdout


def test_key_value_pairs(cli: Cli, where: tuple[str, str]) -> None:
    """A value is JSON or text; a key that is not there is an error."""
    cli("kv", "set", "limits", '{"most": 3}', *where)
    cli("kv", "set", "none", "[NaN]", *where)
    assert cli.json("kv", "get", "none", *where)["value"] == ["NaN"]
    cli("kv", "delete", "none", *where)
    cli("kv", "set", "name", "amber otter", *where)
    assert cli.json("kv", "get", "limits", *where) == {"key": "limits", "value": {"most": 3}}
    assert cli("kv", "get", "name", *where).stdout == "amber otter\n"
    assert cli.json("kv", "list", *where) == ["limits", "name"]
    assert cli.json("kv", "delete", "name", *where) == {"key": "name", "deleted": True}
    assert "'name'" in cli.error("kv", "get", "name", *where)
    assert "'name'" in cli.error("kv", "delete", "name", *where)


def test_secrets_are_not_shown(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings that are named like secrets, and passwords in URLs, are hidden."""
    monkeypatch.setitem(config.cloud, "api_key", "much-secret")
    monkeypatch.setitem(config.server, "host", "postgresql://me:much-secret@there/db")
    with context(config=config):
        text = cli("config", "show").output + json.dumps(cli.json("config", "show"))
    assert "much-secret" not in text
    assert "postgresql://me:********@there/db" in text


def test_settings_are_shown(cli: Cli) -> None:
    """All of them, a section, or one."""
    assert "logging.level = INFO" in cli("config", "show").stdout
    assert cli.json("config", "show", "tasks.defaults")["max_retries"] == 0
    assert cli("config", "show", "logging.level").stdout == "INFO\n"
    assert "nothing.here" in cli.error("config", "show", "nothing.here")


def test_reports_of_problems_have_versions(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the names of what is set, without secrets."""
    monkeypatch.setenv("PREFECT__CONTEXT__SECRETS__MINE", "much-secret")
    told = cli.json("config", "diagnostics")
    assert told["system_information"]["python_version"] == platform.python_version()
    assert "MINE" not in json.dumps(told)
    listed = cli("config", "diagnostics", "--include-secret-names").stdout
    assert "SECRETS__MINE" in listed and "much-secret" not in listed


@pytest.mark.parametrize(
    "words",
    [
        ("--db", "a.db", "--api", "http://x"),
        ("--api", "a.db"),
        ("--db", "http://x"),
        ("--nonsense",),
    ],
)
def test_misuse_has_a_code_of_its_own(cli: Cli, words: tuple[str, ...]) -> None:
    """Options that contradict each other, or are unknown, end with 2."""
    cli.error("kv", "list", *words, code=2)


def test_a_store_that_is_named_must_be_there(cli: Cli, tmp_path: object) -> None:
    """A wrong path is an error, not a new and empty store."""
    assert "there is no run store at" in cli.error("flow-run", "list", "--db", f"{tmp_path}/no.db")
