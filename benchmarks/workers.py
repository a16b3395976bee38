"""Worker processes, one for each library and log level, asked in turn so that noise is shared."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import median

from tests.peers import legacy_environment, legacy_prefect

ROOT = Path(__file__).parent.parent
#: Log levels by the words used in the tables.
LEVELS = {"off": "CRITICAL", "default": "INFO"}


class WorkloadFailed(Exception):
    """A workload raised in its worker, or the worker died."""


class Worker:
    """One process with one library, as `benchmarks.worker` describes it.

    Args:
        library: `ours`, `legacy` or `patched`.
        log: `off` or `default`.
    """

    def __init__(self, library: str, log: str = "off") -> None:
        self.library = library
        self.log = log
        python = sys.executable if library == "ours" else str(legacy_prefect())
        environment = legacy_environment() | {"PREFECT__LOGGING__LEVEL": LEVELS[log]}
        if library == "ours":
            environment["PYTHONPATH"] = str(ROOT)
        self._process = subprocess.Popen(
            [python, str(ROOT / "benchmarks" / "worker.py"), library],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self._answer()

    def __call__(self, workload: str, n: int) -> float:
        """Run a workload once; returns its figure. Raises `WorkloadFailed`."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"workload": workload, "n": n}) + "\n")
        self._process.stdin.flush()
        return float(self._answer()["value"])

    def close(self) -> None:
        """End the process."""
        self._process.communicate()

    def _answer(self) -> dict[str, object]:
        assert self._process.stdout and self._process.stderr
        line = self._process.stdout.readline()
        if not line:
            raise WorkloadFailed(f"{self.library}: {self._process.stderr.read()[-600:]}")
        answer: dict[str, object] = json.loads(line)
        if "error" in answer:
            raise WorkloadFailed(f"{self.library}: {answer['error']}")
        return answer


class Pool:
    """Workers by library and log level, started when first asked."""

    def __init__(self) -> None:
        self._workers: dict[tuple[str, str], Worker] = {}

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers.values():
            worker.close()

    def worker(self, library: str, log: str = "off") -> Worker:
        """The worker for a library and a log level."""
        key = (library, log)
        if key not in self._workers:
            self._workers[key] = Worker(*key)
        return self._workers[key]

    def medians(
        self, workload: str, asked: Iterable[tuple[str, int]], log: str = "off", rounds: int = 3
    ) -> dict[str, float]:
        """Median figure per unit of one workload by library; see `turns`."""
        return self.turns({library: (library, workload, n) for library, n in asked}, log, rounds)

    def turns(
        self, asked: Mapping[str, tuple[str, str, int]], log: str = "off", rounds: int = 3
    ) -> dict[str, float]:
        """Median figure per unit of workloads that take turns, so that they share the noise.

        Args:
            asked: by name, a library, a workload of `benchmarks.worker` whose figure is for all
                its `n` units, and `n`; a slow peer may get a smaller one.
            log: `off` or `default`.
            rounds: how often each is asked; the peer as installed is asked once.
        """
        figures: dict[str, list[float]] = {name: [] for name in asked}
        for turn in range(rounds):
            for name, (library, workload, n) in asked.items():
                if not (library == "legacy" and turn):
                    figures[name].append(self.worker(library, log)(workload, n) / n)
        return {name: median(values) for name, values in figures.items()}

    def once(self, library: str, workload: str, n: int, log: str = "off") -> float:
        """The figure of a workload in a fresh process, which ends afterwards."""
        worker = Worker(library, log)
        try:
            return worker(workload, n)
        finally:
            worker.close()


def environment_note() -> str:
    """One line on the machine and the load on it, to read the figures by."""
    load = os.getloadavg()[0]
    return f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, load {load:.1f} at the start"
