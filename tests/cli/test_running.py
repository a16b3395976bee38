"""`run` and `flow-run resume`: flows that run in the process of the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from prefect_results import compat
from prefect_results.backend.store import RunStore
from tests.cli.conftest import Cli

ROOT = Path(__file__).parents[2]
Write = Callable[[str, str], str]

FLOW = """
from prefect_results import Flow, Parameter, task

@task
def double(x):
    return 2 * x

with Flow("doubled") as flow:
    double(Parameter("n", default=1))

flow.run()
"""
TWO = """
from prefect_results import Flow
one, two = Flow("one"), Flow("two")
"""
FAILING = """
import os
from prefect_results import Flow, task

@task
def first():
    with open(os.environ["COUNT"], "a") as file:
        file.write("1")
    return 20

@task
def second(x):
    if not os.path.exists(os.environ["GO"]):
        raise ValueError("not yet")
    return x + 1

with Flow("failing") as flow:
    second(first())
"""
LEGACY = """
from prefect import Flow, task
from prefect.engine.state import Success
import prefect

@task
def hello():
    return prefect.__name__

with Flow("legacy") as flow:
    hello()
"""


def test_a_flow_runs_with_parameters(cli: Cli, write: Write, db: str) -> None:
    """A run is recorded with its parameters, and its result is found by slug."""
    told = cli.json("run", write("flow.py", FLOW), "-p", "n=21", "--db", db)
    assert (told["flow"], told["state"]) == ("doubled", "Success")
    assert told["tasks"]["double-1"]["state"] == "Success"
    value = cli.json("task-run", "result", told["flow_run_id"], "double-1", "--db", db)
    assert value["value"] == 42
    shown = cli.json("flow-run", "show", told["flow_run_id"], "--db", db)
    assert shown["parameters"] == {"n": 21}


def test_a_run_need_not_be_recorded(cli: Cli, write: Write, home_dir: Path) -> None:
    """With --no-record nothing is written."""
    told = cli.json("run", write("flow.py", FLOW), "--no-record")
    assert (told["state"], told["flow_run_id"]) == ("Success", None)
    assert not (home_dir / "prefect_results.db").exists()


def test_the_log_is_no_part_of_json(cli: Cli, write: Write) -> None:
    """What the run logs goes to stderr where stdout is for a program."""
    result = cli("run", write("flow.py", FLOW), "--no-record", "--json", "--log-level", "info")
    assert json.loads(result.stdout)["state"] == "Success"


def test_progress_is_shown_on_request(cli: Cli, write: Write) -> None:
    """With --progress stderr tells how far the run is; without it does not."""
    path = write("flow.py", FLOW)
    shown = cli("run", path, "--no-record", "--progress", "--log-level", "critical")
    assert "tasks done" in shown.stderr
    assert "tasks done" not in cli("run", path, "--no-record", "--log-level", "critical").stderr


def test_people_get_a_summary(cli: Cli, write: Write) -> None:
    """Without --json the outcome is told in a few lines, and failed tasks by name."""
    text = cli("run", write("flow.py", FLOW), "--no-record", "--log-level", "critical").stdout
    assert "doubled" in text and "Success: All reference tasks succeeded." in text


@pytest.mark.parametrize(
    ("source", "words", "code", "message"),
    [
        ("x = 1", (), 1, "There is no flow among the names of"),
        ("1 +", (), 1, "cannot be loaded: SyntaxError"),
        ("raise RuntimeError('so\\nsorry')", (), 1, "cannot be loaded: RuntimeError: so sorry"),
        (TWO, (), 2, "choose one with --flow of 'one', 'two'"),
        (TWO, ("--flow", "three"), 1, "no flow 'three' in"),
        (FLOW, ("-p", "n"), 2, "'n' is not NAME=VALUE"),
        (FLOW, ("-p", "m=1"), 1, "unexpected parameters: m"),
        (FLOW, ("--db", "x.db"), 2, "--no-record"),
    ],
)
def test_what_is_wrong_is_one_line(
    cli: Cli, write: Write, source: str, words: tuple[str, ...], code: int, message: str
) -> None:
    """Files without a flow, ambiguous ones and wrong parameters say so, without a traceback."""
    path = write("flow.py", source)
    assert message in cli.error("run", path, "--no-record", *words, code=code)


def test_one_of_several_flows_is_chosen(cli: Cli, write: Write) -> None:
    """--flow names the flow of a file with several."""
    assert cli.json("run", write("f.py", TWO), "--flow", "two", "--no-record")["flow"] == "two"


def test_debug_shows_the_traceback(cli: Cli, write: Write) -> None:
    """With --debug an error is raised as it is."""
    result = cli("run", write("f.py", "1 / 0"), "--no-record", "--debug", code=1)
    assert isinstance(result.exception, ZeroDivisionError)


def test_a_failed_run_is_resumed(
    cli: Cli, write: Write, db: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that failed ends with 1; resumed, it does not run again what was finished."""
    monkeypatch.setenv("COUNT", str(tmp_path / "count"))
    monkeypatch.setenv("GO", str(tmp_path / "go"))
    told = cli.json("run", write("flow.py", FAILING), "--db", db, code=1)
    assert told["state"] == "Failed"
    (tmp_path / "go").touch()
    again = cli.json("flow-run", "resume", told["flow_run_id"], "--db", db)
    assert (again["state"], again["flow_run_id"]) == ("Success", told["flow_run_id"])
    assert (tmp_path / "count").read_text() == "1"
    file = write("flow.py", FAILING)
    assert cli.json("flow-run", "resume", told["flow_run_id"], "--file", file, "--db", db) == again


def test_what_cannot_be_resumed_says_so(cli: Cli, store: RunStore, db: str, run_id: str) -> None:
    """An unknown id, and a flow whose code was not kept, are told."""
    unknown = "00000000-0000-7000-8000-00000000dead"
    assert unknown in cli.error("flow-run", "resume", unknown, "--db", db)
    assert "was not kept" in cli.error("flow-run", "resume", run_id, "--db", db)


def test_a_legacy_file_runs_in_a_process_of_its_own(write: Write, tmp_path: Path) -> None:
    """`python -m prefect_results run` serves `import prefect`, and ends with the exit code."""
    assert not compat.is_installed()
    command = [sys.executable, "-m", "prefect_results", "run", write("flow.py", LEGACY), "--json"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*command, "--db", str(tmp_path / "new.db")],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["state"] == "Success"
    assert "Flow run SUCCESS" in done.stderr
