"""The process of one flow run: starting it, what it says, and how it ended.

What belongs here: processes. What does not: what runs in them (`executing`) and the states of runs
(`supervisor`).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from typing import IO, Protocol

TAIL = 2000
"""How many of the last bytes that a process wrote are told when it failed."""

SPARE = "PREFECT_RESULTS_AGENT_CHILD"


class RunProcess(Protocol):
    """A process that executes one flow run."""

    def poll(self) -> int | None:
        """Return its exit code, negative for a signal, or None while it runs."""

    def end(self, kill: bool = False) -> None:
        """Tell it to end; with `kill`, end it."""

    def tail(self) -> str:
        """Return the end of what it wrote, if that was kept."""


Launch = Callable[[str, str, Mapping[str, str]], RunProcess]
"""Starts the process of a flow run: store URL, flow run id, environment variables to add."""


class _Output:
    """Where a process writes to: a file that is gone when it is closed, or ours."""

    def __init__(self, shown: bool) -> None:
        self.file: IO[bytes] | None = None
        if not shown:
            self.file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the run

    def __del__(self) -> None:
        if self.file is not None:
            self.file.close()

    def tail(self) -> str:
        """Return the end of what was written."""
        if self.file is None:
            return ""
        size = self.file.seek(0, os.SEEK_END)
        self.file.seek(max(size - TAIL, 0))
        return self.file.read().decode(errors="replace").strip()


class SpawnedRun:
    """A run in a new interpreter, as an agent of any process starts it."""

    def __init__(self, url: str, flow_run_id: str, env: Mapping[str, str], shown: bool) -> None:
        self._output = _Output(shown)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "prefect_results.backend.agent", "execute", flow_run_id],
            stdin=subprocess.DEVNULL,
            stdout=self._output.file,
            stderr=self._output.file,
            env={**os.environ, **env, "PREFECT__STORE__URL": url},
            start_new_session=True,
        )

    def poll(self) -> int | None:
        """Return the exit code."""
        return self._process.poll()

    def end(self, kill: bool = False) -> None:
        """Signal the process and those that it started."""
        _signal_group(self._process.pid, kill)

    def tail(self) -> str:
        """Return the end of what it wrote."""
        return self._output.tail()


class ForkedRun:
    """A run in a fork of this process, which must have one thread and nothing of a user loaded.

    It starts in milliseconds, as everything is imported already.
    """

    def __init__(self, url: str, flow_run_id: str, env: Mapping[str, str], shown: bool) -> None:
        self._output = _Output(shown)
        self._code: int | None = None
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            _become_run(url, flow_run_id, env, self._output.file)

    def poll(self) -> int | None:
        """Return the exit code."""
        if self._code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._code = os.waitstatus_to_exitcode(status)
        return self._code

    def end(self, kill: bool = False) -> None:
        """Signal the process and those that it started."""
        _signal_group(self.pid, kill)

    def tail(self) -> str:
        """Return the end of what it wrote."""
        return self._output.tail()


def _signal_group(pid: int, kill: bool) -> None:
    try:
        os.killpg(pid, signal.SIGKILL if kill else signal.SIGTERM)
    except (ProcessLookupError, PermissionError):
        pass


def _become_run(
    url: str, flow_run_id: str, env: Mapping[str, str], output: IO[bytes] | None
) -> None:
    """Execute a flow run in this process, which was forked for it, and end."""
    code = 1
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        if output is not None:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
        os.environ.update(env)
        from prefect_results.backend.agent.executing import main

        code = main(url, flow_run_id)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        try:
            import atexit

            atexit._run_exitfuncs()
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)


def launcher(fork: bool, shown: bool) -> Launch:
    """Return what starts processes.

    Args:
        fork: Whether this process may be forked for each run.
        shown: Whether runs write where this process does; else their output is kept for errors.
    """
    kind = ForkedRun if fork and hasattr(os, "fork") and sys.platform != "darwin" else SpawnedRun
    return lambda url, flow_run_id, env: kind(url, flow_run_id, env, shown)
