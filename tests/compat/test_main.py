"""`python -m prefect_results.compat`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from prefect_results.compat.__main__ import main

FLOW = """
import sys

import prefect
from prefect import Flow, Parameter, task
from prefect.engine.results import LocalResult
from prefect.run_configs import LocalRun
from prefect.storage import GitHub
import beside


@task(result=LocalResult(dir="results"))
def double(x):
    prefect.context.logger.info("doubling")
    return 2 * x


with Flow("file", run_config=LocalRun(labels=["x"]), storage=GitHub("a/b", "c")) as flow:
    doubled = double.map(Parameter("xs", default=[1, 2]))

if __name__ == "__main__":
    state = flow.run(xs=[int(a) for a in sys.argv[1:]])
    print("RESULT", state.result[doubled].result, __file__, beside.VALUE)
"""


def test_runs_an_unmodified_file(tmp_path: Path) -> None:
    """A legacy file runs as `__main__` with its arguments and its own folder importable."""
    path = tmp_path / "flow.py"
    path.write_text(FLOW)
    (tmp_path / "beside.py").write_text("VALUE = 5\n")
    command = [sys.executable, "-m", "prefect_results.compat", str(path), "3", "4"]
    root = str(Path(__file__).parent.parent.parent)
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, env={"PYTHONPATH": root}
    )
    assert f"RESULT [6, 8] {path} 5" in done.stdout, done.stderr
    assert "prefect.double[0] | doubling" in done.stdout


def test_where(capsys: pytest.CaptureFixture[str]) -> None:
    """`where` prints the home of a name, and fails for one without."""
    assert main(["where", "prefect.Flow", "prefect.engine.result"]) == 0
    out = capsys.readouterr().out
    assert "prefect.Flow: prefect_results.Flow" in out
    assert "Result -> prefect_results.results.Result" in out
    assert main(["where", "prefect.models"]) == 1
    assert "has no home" in capsys.readouterr().out


def test_usage(capsys: pytest.CaptureFixture[str]) -> None:
    """Without arguments it says how to use it."""
    assert main([]) == 2
    assert main(["--help"]) == 0
    assert "python -m prefect_results.compat rewrite" in capsys.readouterr().out


def test_rewrite(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`rewrite` prints a diff and changes the file only when asked."""
    path = tmp_path / "flow.py"
    path.write_text("from prefect import Flow\n")
    assert main(["rewrite", str(path)]) == 0
    assert "+from prefect_results import Flow" in capsys.readouterr().out
    assert path.read_text() == "from prefect import Flow\n"
    assert main(["rewrite", "--write", str(path)]) == 0
    assert path.read_text() == "from prefect_results import Flow\n"
    assert main(["rewrite"]) == 2
