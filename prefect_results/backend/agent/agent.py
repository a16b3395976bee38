"""`LocalAgent`: takes the flow runs that are due in a run store, for as long as it is started.

What belongs here: asking for runs, again and again. What does not: executing them (`supervisor`).
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from prefect_results.backend.access import StoredRuns, open_access, tables
from prefect_results.backend.agent.processes import launcher
from prefect_results.backend.agent.supervisor import Supervisor, release_abandoned
from prefect_results.backend.scheduling import following_schedules
from prefect_results.backend.store import RunStore
from prefect_results.configuration import config
from prefect_results.exceptions import ConfigurationError
from prefect_results.logging import get_logger

if TYPE_CHECKING:
    from prefect_results.core import Flow

sleep: Callable[[float], None] = time.sleep

_INTERVALS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 10.0)
"""Seconds between questions, as long as there is nothing to do (Prefect 1.4.1)."""
_BUSY = 0.25


class LocalAgent:
    """Executes scheduled flow runs as processes of this machine (Prefect 1.4.1).

    It takes runs whose labels it has, all of them. An agent that is given no labels also takes the
    runs that have none.

    Args:
        agent_config_id: Not used; configurations of agents were kept by Prefect Cloud.
        name: What people call it; `cloud.agent.name` of the configuration by default.
        labels: Its labels; `cloud.agent.labels` of the configuration by default.
        env_vars: Environment variables of the runs.
        import_paths: Folders that modules are imported from in the runs, too.
        show_flow_logs: Whether runs write to the output of the agent.
        hostname_label: Whether the name of the machine is one of its labels.
        max_polls: How often it asks for runs at most; without end by default.
        agent_address: Not used; there is no API of the agent itself.
        no_cloud_logs: Whether the logs of its runs are not recorded.
        source: The run store, or its URL; the configured one by default.
        max_runs: How many runs are executed at once; 4 for each processor by default.

    Raises:
        ConfigurationError: `source` is an API: an agent needs the store itself.
    """

    def __init__(
        self,
        agent_config_id: str | None = None,
        name: str | None = None,
        labels: Iterable[str] | None = None,
        env_vars: Mapping[str, str] | None = None,
        import_paths: Iterable[str] | None = None,
        show_flow_logs: bool = False,
        hostname_label: bool = True,
        max_polls: int | None = None,
        agent_address: str | None = None,
        no_cloud_logs: bool | None = None,
        *,
        source: Any = None,
        max_runs: int | None = None,
    ) -> None:
        settings = config.cloud.agent
        self.agent_config_id = agent_config_id
        self.name = name or settings.get("name") or "agent"
        given = list(labels or _listed(settings.get("labels")))
        host = socket.gethostname()
        self.labels = [*given, host] if hostname_label and host not in given else given
        self._takes_unlabelled = not given
        self.env_vars = dict(env_vars or settings.get("env_vars") or {})
        self.import_paths = list(import_paths or ())
        self.show_flow_logs = show_flow_logs
        self.max_polls = max_polls
        self.agent_address = agent_address
        self.log_to_cloud = not no_cloud_logs
        self.logger = get_logger(self.name)
        self.store = _store(source)
        launch = launcher(fork=False, shown=show_flow_logs)
        self._supervisor = Supervisor(
            self.store, launch, max_runs or default_most(), self._environment()
        )
        self._stopped = False

    def _environment(self) -> dict[str, str]:
        env = {str(key): str(value) for key, value in self.env_vars.items()}
        paths = [*self.import_paths, os.environ.get("PYTHONPATH", "")]
        if self.import_paths:
            env["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
        if not self.log_to_cloud:
            env["PREFECT__CLOUD__SEND_FLOW_RUN_LOGS"] = "false"
        return env

    def start(self) -> None:
        """Ask for runs and execute them, until `stop` is called, or `max_polls` is reached.

        Flows whose schedules are active get their runs meanwhile.

        When it is interrupted or terminated, the runs that it executes are ended.
        """
        with _terminable(), following_schedules(self.store):
            self._work()

    def _work(self) -> None:
        agent_id = tables.register_agent(self.store, type(self).__name__, self.name, self.labels)
        self.logger.info("Waiting for flow runs...")
        polls = idle = 0
        try:
            while not self._stopped and (self.max_polls is None or polls < self.max_polls):
                tables.note_query(self.store, agent_id)
                found = self._ready()
                polls += 1
                for flow_run_id in found:
                    self._supervisor.add(flow_run_id)
                idle = 0 if found else idle + 1
                self._rest(_INTERVALS[min(idle, len(_INTERVALS) - 1)])
            while not self._stopped and not self._supervisor.is_idle:
                self._rest(_BUSY)
        finally:
            self._supervisor.stop()
            tables.forget_agent(self.store, agent_id)

    def stop(self) -> None:
        """Ask for no more runs; those that are executed are ended. For another thread to call."""
        self._stopped = True

    def _ready(self) -> list[str]:
        release_abandoned(self.store, self.labels)
        now = datetime.now(timezone.utc)
        found = self.store.ready_flow_runs(before=now, labels=self.labels)
        if self._takes_unlabelled and self.labels:
            found += self.store.ready_flow_runs(before=now)
        return found

    def _rest(self, seconds: float) -> None:
        """Wait until it is time to ask again, seeing to the processes meanwhile."""
        until = time.monotonic() + seconds
        while True:
            self._supervisor.tend()
            # What is put off is found again by asking.
            self._supervisor.put_off.clear()
            left = until - time.monotonic()
            if left <= 0 or self._stopped:
                return
            sleep(min(left, _BUSY))


def run_agent(flow: Flow, *, show_flow_logs: bool, log_to_cloud: bool | None) -> None:
    """Do what `Flow.run_agent` says.

    Args:
        flow: The flow whose run configuration's labels the agent gets.
        show_flow_logs: Whether runs write to the output of this process.
        log_to_cloud: Whether their logs are recorded; as configured if None.

    Raises:
        ConfigurationError: The configured place is an API.
    """
    labels = getattr(flow.run_config, "labels", None) or ()
    LocalAgent(
        labels=sorted(labels),
        show_flow_logs=show_flow_logs,
        no_cloud_logs=None if log_to_cloud is None else not log_to_cloud,
    ).start()


@contextmanager
def _terminable() -> Iterator[None]:
    """Have SIGTERM end what is inside like an exit, so that it tidies up."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(number: int, frame: Any) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def default_most() -> int:
    """Return how many runs an agent executes at once."""
    return 4 * (os.cpu_count() or 1)


def _store(source: Any) -> RunStore:
    access = open_access(source)
    if not isinstance(access, StoredRuns):
        raise ConfigurationError(
            f"an agent needs the run store itself, not the API at {access.address}: start it with "
            "the URL of the store that the server uses"
        )
    return access.store


def _listed(labels: Any) -> list[str]:
    import json

    if isinstance(labels, str):
        return list(json.loads(labels)) if labels.strip().startswith("[") else labels.split()
    return list(labels or ())
