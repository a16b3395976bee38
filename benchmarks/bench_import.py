"""What `import prefect_results` costs beyond the interpreter."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from statistics import median

from benchmarks.report import Row, at_most, compared
from benchmarks.workers import ROOT
from tests.peers import legacy_environment, legacy_prefect

TITLE = "Import"


def run(quick: bool = False) -> Iterator[Row]:
    """Measure whole processes, the statements taking turns."""
    statements = {"pass": sys.executable, "import prefect_results": sys.executable}
    statements["import prefect"] = str(legacy_prefect())
    spent: dict[str, list[float]] = {statement: [] for statement in statements}
    for _ in range(5 if quick else 15):
        for statement, python in statements.items():
            if statement == "import prefect" and len(spent[statement]) >= 3:
                continue
            spent[statement].append(_seconds(python, statement))
    ms = {statement: median(values) * 1000 for statement, values in spent.items()}
    ours = ms["import prefect_results"] - ms["pass"]
    yield at_most("import prefect_results", ours, 80, "ms")
    theirs = ms["import prefect"] - ms["pass"]
    yield compared("import prefect_results", ours, "1.4.1", theirs, "ms")


def _seconds(python: str, statement: str) -> float:
    environment = legacy_environment() | {"PYTHONPATH": str(ROOT)}
    # An installed package is compiled once.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    started = time.perf_counter()
    subprocess.run([python, "-c", statement], check=True, env=environment, capture_output=True)
    return time.perf_counter() - started
