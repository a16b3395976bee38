"""What the tests of the command line share: a way to call it, and a recorded run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("click", reason="the command line needs the extra `cli`")
pytest.importorskip("rich", reason="the command line needs the extra `cli`")
pytest.importorskip("sqlalchemy", reason="the run store needs the extra `backend`")

from click.testing import CliRunner, Result

from prefect_results.backend.store import RunStore, open_store
from prefect_results.cli.app import app
from prefect_results.context import context
from tests.backend import recorded


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The content of an SQLite file that has the tables."""
    path = tmp_path_factory.mktemp("template") / "store.db"
    open_store(path).close()
    return path.read_bytes()


@pytest.fixture
def db(tmp_path: Path, empty_store: bytes) -> str:
    """The path of an empty run store."""
    path = tmp_path / "runs.db"
    path.write_bytes(empty_store)
    return str(path)


@pytest.fixture
def store(db: str) -> Iterator[RunStore]:
    """That run store."""
    opened = open_store(db)
    yield opened
    opened.close()


class Cli:
    """Calls the command line in this process."""

    def __call__(self, *words: str, code: int = 0, input: str | None = None) -> Result:
        """Run a command, which must end with an exit code."""
        result = CliRunner().invoke(app, [*map(str, words)], input=input)
        assert result.exit_code == code, result.output + repr(result.exception)
        return result

    def json(self, *words: str, code: int = 0) -> Any:
        """Run a command with `--json` and return what it prints on stdout."""
        return json.loads(self(*words, "--json", code=code).stdout)

    def error(self, *words: str, code: int = 1) -> str:
        """Run a command that fails, and return its one line of error."""
        result = self(*words, code=code)
        line = result.stderr.strip().splitlines()[-1]
        assert line.startswith("Error: ")
        assert "Traceback" not in result.output
        return line


@pytest.fixture
def cli() -> Cli:
    """The command line."""
    return Cli()


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Where results of the flows lie."""
    return tmp_path / "results"


@pytest.fixture
def run_id(store: RunStore, results: Path) -> str:
    """A recorded run of the documentation's flow, with its results in files."""
    flow = recorded.example_flow(result=recorded.stored(results))
    with context(checkpointing=True):
        return recorded.record(store, flow)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], str]:
    """A function that writes a file and returns its path."""

    def write(name: str, text: str) -> str:
        path = tmp_path / name
        path.write_text(text)
        return str(path)

    return write
