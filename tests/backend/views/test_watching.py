"""Waiting for flow runs, with states and log as they come; words about agents."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from prefect_results.backend.access import RunAccess, tables
from prefect_results.backend.store import NewLog, NewState, RunStore
from prefect_results.backend.views import (
    check_for_compatible_agents,
    stream_flow_run_logs,
    watch_flow_run,
    watching,
)
from prefect_results.exceptions import FlowRunNotFound, WaitTimedOut
from prefect_results.states import Running, State, Success
from tests.backend import recorded


@pytest.fixture
def flow_run_id(store: RunStore) -> str:
    """A flow run that is scheduled."""
    flow_id = recorded.registered(store, recorded.example_flow())
    return store.create_flow_run(flow_id).id


class Play:
    """What happens to a flow run, one step for each time that somebody sleeps."""

    def __init__(self, store: RunStore, flow_run_id: str, steps: list[Any]) -> None:
        self.store, self.flow_run_id, self.steps = store, flow_run_id, steps
        self.naps: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.naps.append(seconds)
        step = self.steps.pop(0) if self.steps else None
        if isinstance(step, State):
            self.store.set_flow_run_states([NewState(self.flow_run_id, step.serialize())])
        elif step is not None:
            self.store.write_logs([NewLog(self.flow_run_id, step)])


def play(monkeypatch: Any, store: RunStore, flow_run_id: str, *steps: Any) -> Play:
    """Have sleeping do something else."""
    made = Play(store, flow_run_id, list(steps))
    monkeypatch.setattr(watching.time, "sleep", made)
    return made


def test_states_and_lines(
    access: RunAccess, store: RunStore, flow_run_id: str, monkeypatch: Any
) -> None:
    """Each state and each line is told once, in order, until the run is finished."""
    play(monkeypatch, store, flow_run_id, Running("go"), "one", None, "two", Success("done"))
    told = [line.message for line in watch_flow_run(flow_run_id, source=access)]
    assert told == [
        "Entered state <Scheduled>: Flow run scheduled.",
        "Entered state <Running>: go",
        "one",
        "two",
        "Entered state <Success>: done",
    ]


@pytest.mark.parametrize(("states", "logs"), [(True, False), (False, True), (False, False)])
def test_only_what_is_wanted(
    store: RunStore, flow_run_id: str, monkeypatch: Any, states: bool, logs: bool
) -> None:
    """States and lines can each be left out."""
    play(monkeypatch, store, flow_run_id, "one", Success("done"))
    lines = list(watch_flow_run(flow_run_id, states, logs, source=store))
    words = {line.message.split(" ")[0] for line in lines}
    assert words == {*(["Entered"] if states else []), *(["one"] if logs else [])}


def test_finished_already(access: RunAccess, run_id: str) -> None:
    """A run that is finished is told so."""
    (line,) = watch_flow_run(run_id, source=access)
    assert line.message.startswith("Your flow run finished ")
    assert list(watch_flow_run(run_id, stream_states=False, source=access)) == []


def test_time_limit(store: RunStore, flow_run_id: str, monkeypatch: Any) -> None:
    """Waiting has a limit, which counts the time that was slept; also a RuntimeError."""
    naps = play(monkeypatch, store, flow_run_id).naps
    with pytest.raises(WaitTimedOut, match=r"timed out after 1.0 hours of waiting") as info:
        list(watch_flow_run(flow_run_id, max_duration=timedelta(hours=1), source=store))
    assert isinstance(info.value, RuntimeError)
    assert naps[0] == watching.SHORTEST_WAIT
    assert max(naps) == watching.LONGEST_WAIT


@pytest.mark.parametrize(
    ("most", "told"),
    [(timedelta(seconds=0.5), "0.5 seconds"), (timedelta(seconds=150), "2.5 minutes")],
)
def test_short_time_limits(
    store: RunStore, flow_run_id: str, monkeypatch: Any, most: timedelta, told: str
) -> None:
    """They are told in a unit that fits."""
    play(monkeypatch, store, flow_run_id)
    with pytest.raises(WaitTimedOut, match=f"timed out after {told} of waiting"):
        list(watch_flow_run(flow_run_id, max_duration=most, source=store))


def test_nobody_runs_it(store: RunStore, flow_run_id: str, monkeypatch: Any) -> None:
    """After a while, and again from time to time, it is told that no agent took the run."""
    play(monkeypatch, store, flow_run_id)
    lines: list[str] = []
    with pytest.raises(WaitTimedOut):
        for line in watch_flow_run(flow_run_id, True, False, timedelta(seconds=100), source=store):
            lines.append(line.message)
    warnings = [line for line in lines if "has not been submitted by an agent" in line]
    assert len(warnings) == 3
    assert warnings[0].startswith("It has been 15 seconds and your flow run")
    assert "Start an agent with empty labels" in warnings[0]


def test_unknown_run(access: RunAccess) -> None:
    """A run that does not exist is told so."""
    with pytest.raises(FlowRunNotFound):
        list(watch_flow_run(recorded.MISSING, source=access))


def test_printed(store: RunStore, run_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Lines are printed with their time and level."""
    stream_flow_run_logs(run_id, source=store)
    assert " | INFO    | Your flow run finished" in capsys.readouterr().out


class TestAgents:
    """Words about the agents that could take a run, those of 1.4.1."""

    def test_nobody(self, access: RunAccess) -> None:
        """There is none."""
        assert "There are no healthy agents" in check_for_compatible_agents([], source=access)

    def test_one(self, access: RunAccess, store: RunStore) -> None:
        """There is one, by its name."""
        agent_id = tables.register_agent(store, "LocalAgent", "me", ["a", "b"])
        told = check_for_compatible_agents(["a"], source=access)
        assert told.startswith(f"Agent {agent_id} (me) has matching labels and last queried")
        assert "You have 1 healthy agents" in check_for_compatible_agents(["c"], source=access)
        assert "empty labels" in check_for_compatible_agents([], source=access)

    def test_several(self, access: RunAccess, store: RunStore) -> None:
        """There are several."""
        for _ in range(2):
            tables.register_agent(store, "LocalAgent", None, [])
        assert check_for_compatible_agents([], source=access).startswith("Found 2 healthy agents")

    def test_not_heard_of(self, access: RunAccess, store: RunStore) -> None:
        """There are some, which did not ask for a while."""
        tables.register_agent(store, "LocalAgent", None, [])
        told = check_for_compatible_agents([], since_minutes=-1, source=access)
        assert "it looks unhealthy" in told
        tables.register_agent(store, "LocalAgent", None, [])
        told = check_for_compatible_agents([], since_minutes=-1, source=access)
        assert told.startswith("Found 2 agents with matching labels but they have not queried")
