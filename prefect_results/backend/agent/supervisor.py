"""Which flow runs are taken, and what becomes of each when its process ends.

What belongs here: states of flow runs as an agent sets them. What does not: processes
(`processes`) and where runs come from (`agent`, `companion`).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timezone
from typing import Any

from prefect_results.backend.agent.processes import Launch, RunProcess
from prefect_results.backend.store import FlowRun, NewLog, NewState, RunStore
from prefect_results.exceptions import RecordNotFound, StoreError, VersionConflict
from prefect_results.logging import get_logger
from prefect_results.states import Cancelled, Failed, Scheduled, State, Submitted

clock: Callable[[], float] = time.monotonic
sleep: Callable[[float], None] = time.sleep
_SHOWN = 500
_GRACE = 10.0
_LOOK_FOR_CANCELLING = 1.0
LEASE = 60.0
"""Seconds of silence after which a run that an agent has submitted, but not begun, is anyone's."""


class Supervisor:
    """Takes flow runs, a limited number at a time, and sees to it that each ends in a state.

    Args:
        store: Where the runs are.
        launch: Starts the process of a run.
        most: How many run at once.
        env: Environment variables of their processes.

    Attributes:
        waiting: Ids of runs that wait for room.
        running: Processes by the id of their run.
        put_off: Ids of runs whose process ended before its tasks could be tried again; whoever
            reads it takes them out.
    """

    def __init__(
        self, store: RunStore, launch: Launch, most: int, env: Mapping[str, str] | None = None
    ) -> None:
        self.store = store
        self.waiting: deque[str] = deque()
        self.running: dict[str, RunProcess] = {}
        self.put_off: list[str] = []
        self._launch = launch
        self._most = most
        self._env = dict(env or {})
        self._ending: dict[str, float] = {}
        self._looked = clock()
        self._logger = get_logger("agent")

    def add(self, flow_run_id: str) -> None:
        """Take a run as soon as there is room for it."""
        if flow_run_id not in self.waiting and flow_run_id not in self.running:
            self.waiting.append(flow_run_id)

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs or waits for room."""
        return not self.running and not self.waiting

    def tend(self) -> None:
        """Note which processes have ended, end those that are cancelled, start what may start."""
        for flow_run_id, process in list(self.running.items()):
            code = process.poll()
            if code is not None:
                del self.running[flow_run_id]
                self._settle(flow_run_id, code, process.tail())
        if self.running and clock() - self._looked >= _LOOK_FOR_CANCELLING:
            self._looked = clock()
            self._look_at_states()
        while self.waiting and len(self.running) < self._most:
            self._start(self.waiting.popleft())

    def _start(self, flow_run_id: str) -> None:
        run = claim(self.store, flow_run_id)
        if run is None:
            return
        self._logger.debug("Deploying flow run %s", flow_run_id)
        config = run.run_config if isinstance(run.run_config, Mapping) else {}
        env = {**self._env, **{k: str(v) for k, v in (config.get("env") or {}).items()}}
        try:
            self.running[flow_run_id] = self._launch(self.store.url, flow_run_id, env)
        except OSError as exc:
            self._end(flow_run_id, Failed(f"The process of the flow run did not start: {exc}"))

    def _look_at_states(self) -> None:
        """End what is cancelled; tell of what has not begun that somebody sees to it."""
        now = clock()
        for flow_run_id, process in self.running.items():
            since = self._ending.get(flow_run_id)
            if since is not None:
                if now - since > _GRACE:
                    process.end(kill=True)
                continue
            try:
                run = self.store.get_flow_run(flow_run_id)
                if run.state == "Cancelling":
                    self._ending[flow_run_id] = now
                    process.end()
                elif run.state == "Submitted" and silence(run) > LEASE / 6:
                    self.store.beat(flow_run_id)
            except StoreError:
                continue  # it is there again, or it is not: the next look tells

    def _settle(self, flow_run_id: str, code: int, tail: str) -> None:
        self._ending.pop(flow_run_id, None)
        try:
            run = self.store.get_flow_run(flow_run_id)
        except RecordNotFound:
            return
        if run.end_time is not None:
            return
        if run.state == "Cancelling":
            self._end(flow_run_id, Cancelled("Flow run is cancelled"))
            return
        if code == 0 and run.state in ("Running", "Scheduled"):
            # Tasks are to be tried again later, or the flow run was put off.
            self._logger.debug("Flow run %s goes on later", flow_run_id)
            self.put_off.append(flow_run_id)
            return
        how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
        words = f"The process of the flow run {how} before the run was finished"
        # What Python says last is the error.
        error = tail.rpartition("\n")[2][:_SHOWN] if code > 0 else ""
        words = f"{words}: {error}" if error else f"{words}."
        self._end(flow_run_id, Failed(words), tail)

    def stop(self) -> None:
        """End all processes and wait until they are gone; their runs fail."""
        self.waiting.clear()
        until = clock() + _GRACE
        for process in self.running.values():
            process.end()
        while self.running:
            self.tend()
            if clock() > until:
                for process in self.running.values():
                    process.end(kill=True)
            sleep(0.05)

    def _end(self, flow_run_id: str, state: State, tail: str = "") -> None:
        message = f"{state.message}\n{tail}" if tail else str(state.message)
        level = "ERROR" if state.is_failed() and not isinstance(state, Cancelled) else "INFO"
        self.store.write_logs([NewLog(flow_run_id, message, level, "agent")])
        self.store.set_flow_run_states([NewState(flow_run_id, state.serialize())])


def claim(store: RunStore, flow_run_id: str) -> FlowRun | None:
    """Set a flow run that is due to Submitted, so that nobody else takes it.

    Returns:
        The run, or None if it is not due, or another agent was quicker.
    """
    try:
        run = store.get_flow_run(flow_run_id)
    except RecordNotFound:
        return None
    if run.state == "Running":
        return run if _is_retried(store, run) else None
    if run.state != "Scheduled" or not is_due(run):
        return None
    scheduled = State.deserialize(_form(run))
    state = Submitted("Submitted for execution", state=scheduled)
    try:
        with store.transaction():
            store.set_flow_run_states([NewState(flow_run_id, state.serialize(), run.version)])
            store.beat(flow_run_id)
    except VersionConflict:
        return None
    return run


def silence(run: FlowRun) -> float:
    """Return for how many seconds nobody was heard of who sees to a Submitted run.

    0 for a run that an agent of Prefect 1.4.1 submitted: these do not tell of themselves.
    """
    since, entered = run.heartbeat, run.state_timestamp
    if since is None or entered is None or since < entered:
        return 0.0
    return (_now() - since).total_seconds()


def release_abandoned(store: RunStore, labels: Collection[str] | None = None) -> list[str]:
    """Have runs scheduled anew whose agent died between submitting and starting them.

    Args:
        store: Where the runs are.
        labels: Only runs that have no other labels than these; any run by default.

    Returns:
        Ids of these runs, which are due now.
    """
    found = []
    for run in store.list_flow_runs(states=["Submitted"], limit=1000).items:
        if silence(run) < LEASE or (labels is not None and not set(run.labels) <= set(labels)):
            continue
        state = Scheduled("Scheduled again, as the agent that had submitted it was lost.")
        try:
            store.set_flow_run_states([NewState(run.id, state.serialize(), run.version)])
        except VersionConflict:
            continue  # it has begun after all
        get_logger("agent").warning("Flow run %s is taken over from an agent that was lost", run.id)
        found.append(run.id)
    return found


def _form(run: FlowRun) -> dict[str, Any]:
    assert run.serialized_state is not None
    return run.serialized_state


def _is_retried(store: RunStore, run: FlowRun) -> bool:
    """Whether the run waits for tasks that are to be tried again, and these are due."""
    return run.id in store.ready_flow_runs(before=_now(), labels=run.labels, limit=1000)


def is_due(run: FlowRun) -> bool:
    """Return whether a flow run may start now."""
    return run.state_start_time is None or run.state_start_time <= _now()


def seconds_until(run: FlowRun) -> float:
    """Return in how many seconds a scheduled flow run may start; 0 if it may now."""
    if run.state_start_time is None:
        return 0.0
    return max((run.state_start_time - _now()).total_seconds(), 0.0)


def _now() -> datetime:
    return datetime.now(timezone.utc)
