"""What it costs to serialize and deserialize a state, beside 1.4.1 and bare marshmallow."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks.report import Row, faster, within
from benchmarks.workers import ROOT, WorkloadFailed
from tests.peers import legacy_environment, legacy_prefect

TITLE = "States as JSON (State.serialize and State.deserialize)"
WORDS = {"success": "Success with LocalResult", "retrying": "Retrying with 3 cached inputs"}
# Calls per turn; the peer is asked for fewer.
CALLS = {"ours": 3_000, "bare": 1_500, "legacy": 300}


class Worker:
    """One process with one library, as `benchmarks.wire_worker` describes it."""

    def __init__(self, library: str) -> None:
        self.library = library
        legacy = library == "legacy"
        python = str(legacy_prefect()) if legacy else sys.executable
        environment = legacy_environment() | ({} if legacy else {"PYTHONPATH": str(ROOT)})
        script = Path(__file__).with_name("wire_worker.py")
        self._process = subprocess.Popen(
            [python, "-W", "ignore", str(script), library],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self._answer()

    def __call__(self, n: int) -> dict[str, float]:
        """Seconds per call of each operation, measured over `n` calls."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"n": n}) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        """End the process."""
        self._process.communicate()

    def _answer(self) -> dict[str, float]:
        assert self._process.stdout and self._process.stderr
        line = self._process.stdout.readline()
        if not line:
            raise WorkloadFailed(f"{self.library}: {self._process.stderr.read()[-600:]}")
        answer: dict[str, float] = json.loads(line)
        return answer


def run(quick: bool = False) -> Iterator[Row]:
    """Measure; `quick` repeats less."""
    figures: dict[str, list[dict[str, float]]] = {library: [] for library in CALLS}
    with ExitStack() as stack:
        workers = {library: Worker(library) for library in CALLS}
        for worker in workers.values():
            stack.callback(worker.close)
        # The libraries take turns, so that the noise of the machine is shared.
        for _ in range(3 if quick else 9):
            for library, worker in workers.items():
                figures[library].append(worker(CALLS[library]))
    for state, words in WORDS.items():
        for operation in ("serialize", "deserialize"):
            us = {
                library: median(turn[f"{operation} {state}"] for turn in turns) * 1e6
                for library, turns in figures.items()
            }
            name = f"{operation} {words}"
            yield faster(name, us["ours"], "1.4.1", us["legacy"], 8)
            yield within(name, us["ours"], "bare marshmallow", us["bare"], 1.5)
