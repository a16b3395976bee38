"""A dask.distributed cluster of a scheduler and two workers, each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.workers import ROOT, WorkloadFailed
from tests.peers import legacy_environment, legacy_prefect

#: How many workers there are, of one thread each.
WORKERS = 2
#: How long anything may take, in seconds.
LIMIT = 600.0


class Measured(NamedTuple):
    """What a workload took: seconds, and the bytes by which processes grew at most."""

    seconds: float
    client: float
    scheduler: float
    worker: float


class Cluster:
    """A cluster for one library.

    Args:
        library: see `executors_worker`.
    """

    def __init__(self, library: str) -> None:
        self.library = library
        peer = library in ("legacy", "patched")
        self._python = str(legacy_prefect()) if peer else sys.executable
        self._environment = legacy_environment() | {
            "PREFECT__LOGGING__LEVEL": "CRITICAL",
            "PYTHONPATH": str(ROOT / "benchmarks") if peer else f"{ROOT}:{ROOT / 'benchmarks'}",
        }
        self._folder = tempfile.TemporaryDirectory(prefix="bench-")
        self._address = str(Path(self._folder.name) / "scheduler.json")
        options = ["--no-dashboard", "--scheduler-file", self._address]
        self._processes = [self._start("scheduler", "--port", "0", *options)]
        self._scheduler = self._processes[0]
        for _ in range(WORKERS):
            each = ["--no-nanny", "--nthreads", "1", "--local-directory", self._folder.name]
            self._processes.append(self._start("worker", *each, *options))

    def _start(self, kind: str, *options: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [self._python, "-m", f"distributed.cli.dask_{kind}", *options],
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def run(self, workload: str, n: int) -> Measured:
        """Run a workload in a client of its own.

        Raises:
            WorkloadFailed: if it failed, or took longer than `LIMIT`.
        """
        self._wait_for_scheduler()
        before = [_memory(process, "VmRSS") for process in self._processes]
        for process in self._processes:
            Path(f"/proc/{process.pid}/clear_refs").write_text("5")
        script = str(ROOT / "benchmarks" / "executors_worker.py")
        with open(self._address) as file:
            address = json.load(file)["address"]
        try:
            done = subprocess.run(
                [self._python, script, self.library, address, workload, str(n)],
                env=self._environment,
                capture_output=True,
                text=True,
                timeout=LIMIT,
            )
        except subprocess.TimeoutExpired as exc:
            raise WorkloadFailed(
                f"{self.library}: {workload} {n:,} took more than {LIMIT:g} s"
            ) from exc
        if done.returncode:
            raise WorkloadFailed(f"{self.library}: {workload} {n:,}: {done.stderr[-1500:]}")
        told = json.loads(done.stdout.splitlines()[-1])
        grown = [
            max(0.0, _memory(process, "VmHWM") - start)
            for process, start in zip(self._processes, before, strict=True)
        ]
        return Measured(told["seconds"], told["client"], grown[0], max(grown[1:]))

    def _wait_for_scheduler(self) -> None:
        end = time.monotonic() + 60
        while not Path(self._address).exists():
            if self._scheduler.poll() is not None or time.monotonic() > end:
                raise WorkloadFailed(f"{self.library}: the scheduler does not start")
            time.sleep(0.1)

    def close(self) -> None:
        """End the processes."""
        for process in reversed(self._processes):
            process.terminate()
        for process in self._processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._folder.cleanup()


def _memory(process: subprocess.Popen[bytes], name: str) -> float:
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith(name):
            return float(line.split()[1]) * 1024
    raise WorkloadFailed("a process of the cluster is gone")
