"""An agent for one process: it executes the runs that it is told of, and ends with that process.

What belongs here: the side of the agent. What does not: starting it (`companion`). It reads ids of
flow runs from its standard input, a line each. At the end of the input, when the other process has
ended or closed it, it finishes what has begun and what is due, and ends.
"""

from __future__ import annotations

import os
import select
import time
from collections.abc import Iterator

from prefect_results.backend.agent.agent import default_most
from prefect_results.backend.agent.processes import launcher
from prefect_results.backend.agent.supervisor import Supervisor, seconds_until
from prefect_results.backend.store import RunStore
from prefect_results.exceptions import RecordNotFound
from prefect_results.logging import get_logger

_BUSY = 0.02
_LOOK_AGAIN = 1.0


def serve(store: RunStore, fd: int = 0) -> None:
    """Execute the flow runs whose ids are read, until the input ends and they are finished.

    Args:
        store: Where the runs are.
        fd: What is read.
    """
    supervisor = Supervisor(store, launcher(fork=True, shown=False), default_most())
    later: dict[str, float] = {}
    lines = _Lines(fd)
    while True:
        timeout = _timeout(supervisor, later)
        for flow_run_id in lines.read(timeout):
            _plan(store, supervisor, later, flow_run_id)
        now = time.monotonic()
        for flow_run_id in [one for one, due in later.items() if due <= now]:
            del later[flow_run_id]
            _plan(store, supervisor, later, flow_run_id)
        supervisor.tend()
        while supervisor.put_off:
            later[supervisor.put_off.pop()] = time.monotonic() + _LOOK_AGAIN
        if lines.ended and supervisor.is_idle:
            if later:
                get_logger("agent").info(
                    "Flow runs that are scheduled for later wait for another agent: %s",
                    ", ".join(later),
                )
            return


def _plan(
    store: RunStore, supervisor: Supervisor, later: dict[str, float], flow_run_id: str
) -> None:
    """Take a run now, or note when to look at it again."""
    try:
        run = store.get_flow_run(flow_run_id)
    except RecordNotFound:
        return
    if run.end_time is not None:
        return
    wait = seconds_until(run)
    if run.state == "Running" and flow_run_id not in supervisor.running:
        ready = store.ready_flow_runs(before=run.updated, labels=run.labels, limit=1000)
        wait = 0.0 if flow_run_id in ready else _LOOK_AGAIN
    if wait > 0:
        later[flow_run_id] = time.monotonic() + wait
    else:
        supervisor.add(flow_run_id)


def _timeout(supervisor: Supervisor, later: dict[str, float]) -> float | None:
    if not supervisor.is_idle:
        return _BUSY
    if later:
        return max(min(later.values()) - time.monotonic(), 0.0)
    return None


class _Lines:
    """Lines of a file descriptor, as they come."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._rest = b""
        self.ended = False

    def read(self, timeout: float | None) -> Iterator[str]:
        """Yield the lines that are there, waiting so many seconds for the first."""
        if self.ended:
            time.sleep(_BUSY if timeout is None else min(timeout, _BUSY))
            return
        ready, _, _ = select.select([self._fd], [], [], timeout)
        if not ready:
            return
        chunk = os.read(self._fd, 65536)
        self.ended = not chunk
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            if line.strip():
                yield line.decode().strip()
