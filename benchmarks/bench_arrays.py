"""A large NumPy array through a LocalResult, beside bare pickle, NumPy and Prefect 1.4.1."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.report import Row, at_least
from benchmarks.workers import ROOT, WorkloadFailed
from tests.peers import legacy_environment, legacy_prefect

TITLE = "A large array"
#: Each of ours, what it is measured against, and the rate it has to reach.
GOALS = (("ours", "pickle", 0.9), ("ours-out-of-band", "numpy", 0.8))


def run(quick: bool = False, array_mb: int = 512) -> Iterator[Row]:
    """Measure each way in a fresh process, the ways taking turns."""
    if quick:
        array_mb = min(array_mb, 64)
    figures: dict[tuple[str, str], list[dict[str, float]]] = {}
    ways = ("pickle", "ours", "numpy", "ours-out-of-band", "legacy")
    with tempfile.TemporaryDirectory(prefix="bench-arrays-") as folder:
        for turn in range(3 if quick else 5):
            for how in ways:
                if how == "legacy" and turn:
                    continue
                for do in ("write", "read"):
                    figures.setdefault((how, do), []).append(_measure(how, do, folder, array_mb))
    rate = {k: array_mb / median(f["seconds"] for f in v) for k, v in figures.items()}
    for do in ("write", "read"):
        for ours, bare, goal in GOALS:
            name = f"{do} {array_mb} MB{', out of band' if ours != 'ours' else ''}"
            yield at_least(name, rate[ours, do], f"bare {bare}", rate[bare, do], goal)
        name, value, theirs = f"{do} {array_mb} MB", rate["ours", do], rate["legacy", do]
        yield Row(name, value, "MB/s", "1.4.1", theirs, "", None, value / theirs)
    memory = max(f["memory"] for f in figures["ours", "write"])
    yield Row("peak memory on write / array", memory, "", goal="<= 1.1", met=memory <= 1.1)


def _measure(how: str, do: str, folder: str, megabytes: int) -> dict[str, float]:
    python = str(legacy_prefect()) if how == "legacy" else sys.executable
    environment = legacy_environment() | ({} if how == "legacy" else {"PYTHONPATH": str(ROOT)})
    script = str(Path(__file__).with_name("array_process.py"))
    done = subprocess.run(
        [python, script, how, do, folder, str(megabytes)],
        capture_output=True,
        text=True,
        env=environment,
    )
    if done.returncode:
        raise WorkloadFailed(f"{how} {do}: {done.stderr[-600:]}")
    figures: dict[str, float] = json.loads(done.stdout)
    return figures
