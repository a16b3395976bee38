"""The agent that this process starts for the flow runs that it creates in the embedded store.

What belongs here: starting it when the first run is created, telling it of runs, letting it go.
What does not: what it does (`serving`).
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import tempfile
import threading
from typing import IO

from prefect_results.configuration import config
from prefect_results.exceptions import StoreUnavailable

_PATIENCE = 2.0
_SETTINGS = ("logging.level", "logging.format", "logging.datefmt", "flows.checkpointing")


class Companion:
    """An agent in a process of its own, which ends after this process has ended.

    Args:
        url: URL of the run store.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._told: list[str] = []
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as we do
        self._start()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "prefect_results.backend.agent", "serve"],
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=self._log,
            env=_environment(self.url),
            # An interrupt is for this process; a run that has begun is not cut off by it.
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def execute(self, flow_run_id: str) -> None:
        """Have a flow run executed; one that somebody executes already is left alone.

        Raises:
            StoreUnavailable: The agent does not start.
        """
        self._told.append(flow_run_id)
        if not self._tell([flow_run_id]):
            # It was killed: another one looks after what it was told.
            self._close_pipe()
            self._process.wait()
            self._start()
            if not self._tell(self._told):
                raise StoreUnavailable(f"the local agent does not start: {self.log()}")

    def _tell(self, flow_run_ids: list[str]) -> bool:
        pipe = self._process.stdin
        assert pipe is not None
        if self._process.poll() is not None:
            return False
        try:
            pipe.write("".join(f"{one}\n" for one in flow_run_ids).encode())
            pipe.flush()
        except (BrokenPipeError, ValueError):
            return False
        return True

    def _close_pipe(self) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.close()
        except BrokenPipeError:
            pass

    def log(self) -> str:
        """Return the end of what the agent wrote."""
        size = self._log.seek(0, os.SEEK_END)
        self._log.seek(max(size - 2000, 0))
        return self._log.read().decode(errors="replace").strip()

    def let_go(self, timeout: float = _PATIENCE) -> bool:
        """Tell the agent that no more runs come, so that it ends when it has finished.

        Args:
            timeout: Seconds to wait for that.

        Returns:
            Whether it has ended.
        """
        self._close_pipe()
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            # It goes on without us; nothing shall complain that we do not wait for it.
            self._process.returncode = 0
            return False
        self._log.close()
        return True


_companions: dict[str, Companion] = {}
_lock = threading.Lock()


def execute_soon(url: str, flow_run_id: str) -> Companion:
    """Have a flow run of a run store executed by the agent of this process, started if need be.

    Args:
        url: URL of the run store.
        flow_run_id: The flow run.

    Raises:
        StoreUnavailable: The agent does not start.
    """
    with _lock:
        companion = _companions.get(url)
        if companion is None:
            companion = _companions[url] = Companion(url)
        companion.execute(flow_run_id)
        return companion


def stop_companion(timeout: float = 60.0) -> None:
    """Let the agents of this process go and wait until they have finished.

    Args:
        timeout: Seconds to wait for each.
    """
    with _lock:
        for companion in _companions.values():
            companion.let_go(timeout)
        _companions.clear()


def _environment(url: str) -> dict[str, str]:
    env = {
        **os.environ,
        "PREFECT__STORE__URL": url,
        "PREFECT__HOME_DIR": str(config.home_dir),
        # What this process can import, a flow that is pickled here may need.
        "PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path),
    }
    for name in _SETTINGS:
        section, _, key = name.partition(".")
        env[f"PREFECT__{section}__{key}".upper()] = str(config[section][key])
    return env


def _after_fork() -> None:
    # The agent belongs to the parent process.
    global _lock
    _lock = threading.Lock()
    for companion in _companions.values():
        companion._process.returncode = 0
        if companion._process.stdin is not None:
            companion._process.stdin.close()
    _companions.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
atexit.register(stop_companion, _PATIENCE)
