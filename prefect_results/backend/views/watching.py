"""Waiting for a flow run, with its states and its log as they come.

What belongs here: when to look again, and what to tell. What does not: executing runs (`agent`).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from prefect_results.backend.access import open_access
from prefect_results.backend.views.flow_run import FlowRunView
from prefect_results.backend.views.logs import FlowRunLog
from prefect_results.exceptions import WaitTimedOut

if TYPE_CHECKING:
    from prefect_results.backend.access import AgentData, Source

SHORTEST_WAIT = 0.05
LONGEST_WAIT = 10.0
_FIRST_WARNING = 15.0
_NEXT_WARNING = 30.0


def pause_after(waited: float, longest: float = LONGEST_WAIT) -> float:
    """Return how long to wait before looking again, in seconds: a tenth of the time so far.

    What is waited for is thus noticed a tenth too late at most, at a handful of looks per
    doubling of the time.

    Args:
        waited: Seconds since the waiting began.
        longest: The longest pause.
    """
    return min(max(waited / 10, SHORTEST_WAIT), max(longest, SHORTEST_WAIT))


def _in_words(seconds: float) -> str:
    """A time in the largest unit that it is one of: hours (as Prefect 1.4.1), minutes, seconds."""
    for unit, name in ((3600, "hours"), (60, "minutes")):
        if seconds >= unit:
            return f"{round(seconds / unit, 1)} {name}"
    return f"{seconds:g} seconds"


def watch_flow_run(
    flow_run_id: str,
    stream_states: bool = True,
    stream_logs: bool = True,
    max_duration: timedelta = timedelta(hours=12),
    *,
    source: Source = None,
) -> Iterator[FlowRunLog]:
    """Yield what happens to a flow run until it is finished (Prefect 1.4.1).

    Args:
        flow_run_id: Id of the flow run.
        stream_states: Whether to yield a line for each state that it enters.
        stream_logs: Whether to yield the lines of its log.
        max_duration: How long to wait.
        source: Where it is recorded; see `FlowRunView.from_flow_run_id`.

    Raises:
        FlowRunNotFound: There is no such flow run.
        WaitTimedOut: It is not finished after `max_duration` (also a `RuntimeError`).
    """
    import pendulum

    run = FlowRunView.from_flow_run_id(flow_run_id, source=source)
    if run.state.is_finished():
        if stream_states:
            ago = run.updated_at.diff_for_humans()
            yield FlowRunLog(pendulum.now(), logging.INFO, f"Your flow run finished {ago}")
        return
    watch = _Watch(run, stream_states, stream_logs, max_duration)
    while True:
        finished = watch.look()
        yield from watch.news()
        if finished:
            return
        yield from watch.warning()
        watch.pause()


class _Watch:
    def __init__(
        self, run: FlowRunView, stream_states: bool, stream_logs: bool, most: timedelta
    ) -> None:
        self.run = run
        self._states = stream_states
        self._logs = stream_logs
        self._most = most
        self._seen = 0
        self._last: Any = None
        self._began = time.monotonic()
        self._slept = 0.0
        self._quiet_since = 0.0
        self._warn_at = _FIRST_WARNING

    @property
    def _waited(self) -> float:
        """Seconds since the watch began, at least those that it slept."""
        return max(time.monotonic() - self._began, self._slept)

    def look(self) -> bool:
        """Look at the run; return whether it is finished."""
        self.run = self.run.get_latest()
        if self.run.state.is_finished():
            return True
        if self._waited > self._most.total_seconds():
            raise WaitTimedOut(
                f"`watch_flow_run` timed out after {_in_words(self._most.total_seconds())} of "
                "waiting for completion. "
                f"Your flow run is still in state: {self.run.state}"
            )
        return False

    def news(self) -> list[FlowRunLog]:
        """Return what happened since it was asked last, in order of time."""
        import pendulum

        lines: list[FlowRunLog] = []
        if self._states:
            for state in self.run.states[self._seen :]:
                words = f"Entered state <{type(state).__name__}>: {state.message}"
                lines.append(FlowRunLog(state.timestamp, logging.INFO, words))  # type: ignore[attr-defined]
            self._seen = len(self.run.states)
        if self._logs:
            found = self.run.get_logs(self._last, pendulum.now("utc"))
            if found:
                self._last = found[-1].timestamp
            lines += found
        if lines:
            self._quiet_since = self._waited
        return sorted(lines)

    def warning(self) -> list[FlowRunLog]:
        """Return a line that says why nobody runs it, if nobody does for some time."""
        import pendulum

        state, waited = self.run.state, self._waited
        if not self._states or waited < self._warn_at or state.is_submitted() or state.is_running():
            return []
        self._warn_at = waited + _NEXT_WARNING
        seconds = round(waited / 5) * 5
        agents = check_for_compatible_agents(self.run.labels, source=self.run._where())
        words = (
            f"It has been {seconds} seconds and your flow run has not been submitted by an agent. "
            f"{agents}"
        )
        return [FlowRunLog(pendulum.now(), logging.WARNING, words)]

    def pause(self) -> None:
        """Wait before looking again, the longer the less happens."""
        seconds = pause_after(self._waited - self._quiet_since)
        time.sleep(seconds)
        self._slept += seconds


def stream_flow_run_logs(
    flow_run_id: str, max_duration: timedelta = timedelta(hours=12), *, source: Source = None
) -> None:
    """Print what happens to a flow run until it is finished; see `watch_flow_run`."""
    for line in watch_flow_run(flow_run_id, max_duration=max_duration, source=source):
        moment = line.timestamp.in_tz("local")
        print(f"{moment:%H:%M:%S} | {logging.getLevelName(line.level):<7} | {line.message}")


def check_for_compatible_agents(
    labels: Iterable[str], since_minutes: int = 1, *, source: Source = None
) -> str:
    """Return a sentence about the agents that could take a run (Prefect 1.4.1).

    Args:
        labels: Labels of the run.
        since_minutes: Within how many minutes an agent must have asked for work to count as alive.
        source: Where agents are recorded; the configured place by default.
    """
    import pendulum

    wanted = set(labels)
    words = f"labels {wanted!r}" if wanted else "empty labels"
    asked = [agent for agent in open_access(source).agents() if agent.last_queried is not None]
    since = pendulum.now("utc").subtract(minutes=since_minutes)
    healthy = [agent for agent in asked if agent.last_queried >= since]  # type: ignore[operator]
    fitting = [agent for agent in asked if _fits(agent, wanted)]
    ready = [agent for agent in fitting if agent in healthy]
    if len(ready) > 1:
        return (
            f"Found {len(ready)} healthy agents with matching labels. One of them should pick up "
            "your flow."
        )
    if ready:
        return (
            f"{_named(ready[0])} has matching labels and last queried {_ago(ready[0])}. It should "
            "deploy your flow run."
        )
    if len(fitting) > 1:
        return (
            f"Found {len(fitting)} agents with matching labels but they have not queried recently "
            f"and look unhealthy. Restart one of them or start a new agent with {words} deploy "
            "your flow run."
        )
    if fitting:
        return (
            f"{_named(fitting[0])} has matching labels and last queried {_ago(fitting[0])}. Since "
            "it hasn't queried recently, it looks unhealthy. Restart it or start a new agent with "
            f"{words} to deploy your flow run."
        )
    if not healthy:
        return (
            "There are no healthy agents in your tenant and it does not look like an agent with "
            f"the required labels has been run recently. Start an agent with {words} to run your "
            "flow."
        )
    return (
        f"You have {len(healthy)} healthy agents in your tenant but do not have an agent with "
        f"{words}. Start an agent with matching labels to deploy your flow run."
    )


def _fits(agent: AgentData, wanted: set[str]) -> bool:
    return wanted <= set(agent.labels) if wanted else not agent.labels


def _named(agent: AgentData) -> str:
    return f"Agent {agent.id} ({agent.name})" if agent.name else f"Agent {agent.id}"


def _ago(agent: AgentData) -> str:
    import pendulum

    assert agent.last_queried is not None
    return pendulum.instance(agent.last_queried).diff_for_humans()
