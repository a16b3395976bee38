"""A real Prefect 1.4.1, pointed here by its own configuration, works as with Prefect Server."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from prefect_results.backend.store.schema import DEFAULT_TENANT_ID
from prefect_results.server import ServerProcess
from tests.server.conftest import run_legacy

EXPECTED: dict[str, Any] = {
    # registering
    "registered again": True,
    "flow view labels": [],
    "core version": "1.4.1",
    "tenant": "default",
    # running by the agent
    "scheduled": True,
    "info": ["by agent", {"number": 21}, {"color": "blue"}, "legacy project", 6],
    "other labels": "Scheduled",
    "processes": [0],
    "final": ["Success", "All reference tasks succeeded."],
    "states": ["Scheduled", "Submitted", "Running", "Success"],
    # looking at the run
    "view": ["by agent", {"number": 21}, {"color": "blue"}, ["here"], True],
    "run config": "LocalRun",
    "metadata": "documented",
    "log levels": [20, 40],
    "task run ids": 12,
    "all task runs": sorted(
        ["Constant[list]-1", "cached-1", "flaky-1", "foo-1", "number"] + ["inc-1"] * 7
    ),
    "foo": "foobar!",
    "foo by id": "foobar!",
    "parent": ["Mapped", [1, 2, 3, 4, 5, 6]],
    "child": 3,
    "iterated": [1, 2, 3, 4, 5, 6],
    "retried": 21,
    "cached": [42, "renamed 21", "Cached"],
    "unknown slug": "ValueError",
    "unknown run": "ValueError",
    "artifacts": [["link", {"link": "https://example.com"}]],
    # setting states by hand
    "set": "Running",
    "new child": [0, "Pending"],
    "same child": True,
    "late task run": "VersionLockMismatchSignal",
    "child set": ["Success", "LocalResult", "x.pickle"],
    "cached states": [["Cached", {"number": 1}]],
    "renamed": True,
    "task renamed": True,
    "by hand": ["new name", ["m"]],
    "cancelling": "Cancelling",
    "watched": ["Your flow run finished a few seconds ago"],
    "idempotent": True,
    "cancelled": "Cancelled",
    "retry": "Scheduled",
    # composing
    "created by task": "child",
    "waited for": "All reference tasks succeeded.",
    "result by task": [1, 2, 3, 4, 5, 6],
    # commands
    "create project": [0, "by command created\n"],
    "run by command": "Success",
    "from the cache": 42,
    # versions
    "versions": [[1, True, True], [2, False, True]],
    "newest": True,
    "deleted": True,
}


def test_a_session_of_the_legacy_client(
    legacy_python: Path, server: ServerProcess, tmp_path: Path
) -> None:
    """Client, agent, runners, views, tasks and commands of 1.4.1 see what they expect."""
    told = run_legacy(legacy_python, "legacy_session.py", server.url, tmp_path)
    assert {name: told[name] for name in EXPECTED} == EXPECTED, server.log()
    assert told["project"] == told["project again"]
    assert told["flow view"] == [told["flow id"], "documented", "legacy project", False]
    assert "It should deploy your flow run." in told["agents"]
    assert told["no such project"][0] == "ValueError"
    assert told["logs"][0].startswith("Submitted for execution: PID: ")
    assert "foo says hello" in told["logs"]
    assert told["logs"][-1] == "Flow run SUCCESS: all reference tasks succeeded"
    assert "State update failed" in told["late flow run"]  # its agent looks for these words
    assert "VERSION_LOCKING_ERROR" in told["late flow run"]
    assert "Cannot query field 'nonsense' on type 'flow'." in told["malformed"][1]
    assert "is archived" in told["archived"][1]
    assert "keeps no secrets" in told["secret"]
    for command in ("projects", "flows", "flow-runs", "tasks", "logs"):
        assert told[f"get {command}"][0] == 0, told
    assert re.search(r"legacy project +1 ", told["get projects"][1])
    assert re.search(r"documented +1 ", told["get flows"][1])
    assert re.search(r"by agent +documented +Success", told["get flow-runs"][1])
    assert "All reference tasks succeeded." in told["describe"][1]
    assert "Flow run succeeded!" in told["run"][1]
    _check_documented(told["documented"])
    assert "Traceback" not in server.log()


def _check_documented(answer: dict[str, Any]) -> None:
    """The documentation's query of a flow run's task runs has the documentation's shape."""
    assert list(answer) == ["data"]
    runs = answer["data"]["task_run"]
    assert len(runs) == 12
    assert all(list(run) == ["id", "state", "start_time", "task"] for run in runs)
    by_slug = {run["task"]["slug"]: run for run in runs}
    assert by_slug["foo-1"]["state"] == "Success"
    moment = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+\+00:00"
    assert re.fullmatch(moment, by_slug["foo-1"]["start_time"])


def test_a_flow_that_runs_another(
    legacy_python: Path, server: ServerProcess, tmp_path: Path
) -> None:
    """`prefect agent local start` executes the parent, and the child that the parent asks for."""
    told = run_legacy(legacy_python, "legacy_composed.py", server.url, tmp_path)
    assert told["state"] == ["Success", "All reference tasks succeeded."], told
    assert told["total"] == 12
    assert told["child"] == "Success"
    assert "adding" in told["logs"]
    assert "Traceback" not in server.log()


def test_a_session_with_a_key(legacy_python: Path, tmp_path: Path) -> None:
    """With `cloud` as its backend and a key, 1.4.1 has the key-value store; a wrong key is told."""
    with ServerProcess(tmp_path / "store.db", key="correct horse") as server:
        settings = {
            "PREFECT__BACKEND": "cloud",
            "PREFECT__CLOUD__ENDPOINT": server.url,
            "PREFECT__CLOUD__API_KEY": "correct horse",
        }
        told = run_legacy(legacy_python, "legacy_cloud.py", server.url, tmp_path, **settings)
    assert told["again"] and told["deleted"] and told["project"]
    assert told["value"] == "bye"
    assert (told["keys"], told["left"]) == (["greeting", "other"], ["greeting"])
    assert told["get_key_value"] == "No value found for key: other"
    assert told["delete_key"] == "No key other found to delete"
    assert told["tenant"] == DEFAULT_TENANT_ID
    assert "UNAUTHENTICATED" in told["wrong key"]
