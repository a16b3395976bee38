"""Which runs an agent takes, and what becomes of them when their processes end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from prefect_results import Flow
from prefect_results.backend.agent import supervisor as module
from prefect_results.backend.agent.agent import LocalAgent
from prefect_results.backend.agent.supervisor import Supervisor, claim, release_abandoned
from prefect_results.backend.store import NewState, RunStore, open_store
from prefect_results.compat.run_configs import LocalRun
from prefect_results.configuration import set_temporary_config
from prefect_results.exceptions import ConfigurationError
from prefect_results.states import Cancelling, Retrying, Running, State, Submitted, Success
from tests.backend import recorded


class FakeRun:
    """A process that ends when the test says so."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = env
        self.code: int | None = None
        self.ended: list[bool] = []

    def poll(self) -> int | None:
        """Return what the test set."""
        return self.code

    def end(self, kill: bool = False) -> None:
        """Note it."""
        self.ended.append(kill)
        self.code = -9 if kill else self.code

    def tail(self) -> str:
        """Return something."""
        return "Traceback: oh"


class Launcher:
    """Starts such processes."""

    def __init__(self) -> None:
        self.runs: dict[str, FakeRun] = {}

    def __call__(self, url: str, flow_run_id: str, env: Mapping[str, str]) -> FakeRun:
        self.runs[flow_run_id] = FakeRun(env)
        return self.runs[flow_run_id]


@pytest.fixture
def store(store_url: str) -> Iterator[RunStore]:
    """An empty store, the configured one, once for each database."""
    opened = open_store(store_url)
    with set_temporary_config({"store.url": store_url}):
        yield opened
    opened.close()


@pytest.fixture
def launch() -> Launcher:
    """A launcher."""
    return Launcher()


@pytest.fixture
def flow_id(store: RunStore) -> str:
    """A registered flow."""
    return recorded.registered(store, recorded.example_flow())


def set_state(store: RunStore, run_id: str, state: State) -> None:
    """Set the state of a flow run."""
    store.set_flow_run_states([NewState(run_id, state.serialize())])


def test_claimed_once(store: RunStore, flow_id: str) -> None:
    """Of two agents one gets a run, which is Submitted then."""
    run = store.create_flow_run(flow_id)
    assert claim(store, run.id) is not None
    assert claim(store, run.id) is None
    assert store.get_flow_run(run.id).state == "Submitted"


def test_an_agent_that_is_lost(
    store: RunStore, flow_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it had submitted and not begun is taken over when nothing is heard of it any more."""
    run = store.create_flow_run(flow_id)
    claim(store, run.id)
    assert release_abandoned(store) == []
    later = datetime.now(timezone.utc) + timedelta(seconds=2 * module.LEASE)
    monkeypatch.setattr(module, "_now", lambda: later)
    assert release_abandoned(store) == [run.id]
    assert release_abandoned(store) == []
    again = store.get_flow_run(run.id)
    assert (again.state, again.version) == ("Scheduled", 3)
    assert claim(store, run.id) is not None


def test_an_agent_that_is_there(
    store: RunStore, flow_id: str, launch: Launcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run whose process takes long to begin is not taken from the agent that sees to it."""
    run = store.create_flow_run(flow_id)
    agent = Supervisor(store, launch, 1)
    agent.add(run.id)
    agent.tend()
    before = store.get_flow_run(run.id).heartbeat
    moment = datetime.now(timezone.utc) + timedelta(seconds=module.LEASE / 2)
    monkeypatch.setattr(module, "_now", lambda: moment)
    monkeypatch.setattr(module, "_LOOK_FOR_CANCELLING", 0.0)
    agent.tend()
    after = store.get_flow_run(run.id).heartbeat
    assert before is not None
    assert after is not None
    assert after > before


def test_runs_of_other_agents_are_left_to_them(
    store: RunStore, flow_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of agents of Prefect 1.4.1, which do not tell of themselves, and of other labels."""
    theirs = store.create_flow_run(flow_id)
    set_state(store, theirs.id, Submitted())
    labelled = store.create_flow_run(flow_id, labels=["gpu"])
    claim(store, labelled.id)
    later = datetime.now(timezone.utc) + timedelta(days=1)
    monkeypatch.setattr(module, "_now", lambda: later)
    assert release_abandoned(store, ["cpu"]) == []
    assert release_abandoned(store, ["cpu", "gpu"]) == [labelled.id]


def test_not_claimed(store: RunStore, flow_id: str) -> None:
    """Runs that are not due, not there, running, or finished are left alone."""
    later = datetime.now(timezone.utc) + timedelta(hours=1)
    put_off = store.create_flow_run(flow_id, scheduled_start_time=later)
    assert claim(store, put_off.id) is None
    assert claim(store, recorded.MISSING) is None
    run = store.create_flow_run(flow_id)
    for state in (Running(), Success()):
        set_state(store, run.id, state)
        assert claim(store, run.id) is None


def test_retries_are_claimed(store: RunStore, flow_id: str) -> None:
    """A running flow run whose task is to be tried again now is taken."""
    run = store.create_flow_run(flow_id)
    set_state(store, run.id, Running())
    made = store.get_or_create_task_run(run.id, task_slug="foo-1")
    retrying = Retrying(start_time=datetime.now(timezone.utc) - timedelta(seconds=1))
    store.set_task_run_states([NewState(made.id, retrying.serialize())])
    assert claim(store, run.id) is not None


def test_room(store: RunStore, flow_id: str, launch: Launcher) -> None:
    """No more runs are executed at once than there is room for."""
    ids = [store.create_flow_run(flow_id).id for _ in range(3)]
    agent = Supervisor(store, launch, most=2)
    for run_id in ids:
        agent.add(run_id)
        agent.add(run_id)
    agent.tend()
    assert set(launch.runs) == set(ids[:2])
    set_state(store, ids[0], Success())
    launch.runs[ids[0]].code = 0
    agent.tend()
    agent.tend()
    assert set(launch.runs) == set(ids)
    assert not agent.is_idle


def test_environment(store: RunStore, flow_id: str, launch: Launcher) -> None:
    """The variables of the agent and of the run configuration reach the process."""
    run = store.create_flow_run(flow_id, run_config={"type": "LocalRun", "env": {"B": 2}})
    agent = Supervisor(store, launch, 1, {"A": "1", "B": "1"})
    agent.add(run.id)
    agent.tend()
    assert launch.runs[run.id].env == {"A": "1", "B": "2"}


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (1, "exit code 1 before the run was finished: Traceback: oh"),
        (-9, "by signal 9 before the run was finished."),
    ],
)
def test_process_that_failed(
    store: RunStore, flow_id: str, launch: Launcher, code: int, words: str
) -> None:
    """A run whose process ends before it is finished fails, and its log has the reason."""
    run = store.create_flow_run(flow_id)
    agent = Supervisor(store, launch, 1)
    agent.add(run.id)
    agent.tend()
    launch.runs[run.id].code = code
    agent.tend()
    failed = store.get_flow_run(run.id)
    assert failed.state == "Failed"
    assert words in str(failed.state_message)
    (line,) = store.list_logs(run.id).items
    assert (line.level, "Traceback: oh" in str(line.message)) == ("ERROR", True)
    assert agent.is_idle


def test_put_off(store: RunStore, flow_id: str, launch: Launcher) -> None:
    """A run whose process ended in good order, with tasks to be tried again, is not failed."""
    run = store.create_flow_run(flow_id)
    agent = Supervisor(store, launch, 1)
    agent.add(run.id)
    agent.tend()
    set_state(store, run.id, Running())
    launch.runs[run.id].code = 0
    agent.tend()
    assert store.get_flow_run(run.id).state == "Running"
    assert agent.put_off == [run.id]


def test_cancelled(
    store: RunStore, flow_id: str, launch: Launcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that is cancelled is ended; killed if it does not end; Cancelled then."""
    now = [0.0]
    monkeypatch.setattr(module, "clock", lambda: now[0])
    run = store.create_flow_run(flow_id)
    agent = Supervisor(store, launch, 1)
    agent.add(run.id)
    agent.tend()
    set_state(store, run.id, Cancelling())
    process = launch.runs[run.id]
    for moment in (2.0, 4.0, 30.0, 31.0):
        now[0] = moment
        agent.tend()
    assert process.ended == [False, True]
    assert store.get_flow_run(run.id).state == "Cancelled"


def test_stopped(store: RunStore, flow_id: str, launch: Launcher, monkeypatch: Any) -> None:
    """An agent that is stopped ends its runs, and says so in their states."""
    run = store.create_flow_run(flow_id)
    agent = Supervisor(store, launch, 1)
    agent.add(run.id)
    agent.tend()

    def end(kill: bool = False) -> None:
        launch.runs[run.id].code = -15

    monkeypatch.setattr(launch.runs[run.id], "end", end)
    agent.stop()
    assert store.get_flow_run(run.id).state == "Failed"


class TestLocalAgent:
    """The agent that a person starts."""

    def test_takes_what_is_due(
        self, store: RunStore, flow_id: str, launch: Launcher, monkeypatch: Any
    ) -> None:
        """It takes the runs whose labels it has, and, without labels of its own, those without."""
        plain = store.create_flow_run(flow_id)
        blue = store.create_flow_run(flow_id, labels=["blue"])
        for labels, expected in (([], plain.id), (["blue"], blue.id)):
            agent = LocalAgent(labels=labels, max_polls=1, source=store)
            assert agent._ready() == [expected]

    def test_polls(self, store: RunStore, flow_id: str, launch: Launcher, monkeypatch: Any) -> None:
        """It executes runs until it has asked often enough, and is known as long as it does."""
        run = store.create_flow_run(flow_id)
        known: list[Any] = []

        def launched(url: str, flow_run_id: str, env: Mapping[str, str]) -> FakeRun:
            from prefect_results.backend.access import tables

            known.extend(tables.agents(store))
            set_state(store, flow_run_id, Success())
            process = launch(url, flow_run_id, env)
            process.code = 0
            return process

        monkeypatch.setattr("prefect_results.backend.agent.agent.sleep", lambda seconds: None)
        agent = LocalAgent(name="me", env_vars={"A": "1"}, max_polls=1, source=store)
        monkeypatch.setattr(agent._supervisor, "_launch", launched)
        agent.start()
        assert store.get_flow_run(run.id).state == "Success"
        assert [one.name for one in known] == ["me"]
        assert known[0].last_queried is not None
        assert launch.runs[run.id].env == {"A": "1"}

    def test_legacy_arguments(self, store: RunStore) -> None:
        """The arguments and attributes of 1.4.1 are there."""
        agent = LocalAgent(
            name="me", labels=["a"], import_paths=["/x"], no_cloud_logs=True, hostname_label=False
        )
        assert (agent.name, agent.labels, agent.max_polls) == ("me", ["a"], None)
        env = agent._environment()
        assert env["PREFECT__CLOUD__SEND_FLOW_RUN_LOGS"] == "false"
        assert env["PYTHONPATH"].startswith("/x")

    def test_of_a_flow(self, store: RunStore, monkeypatch: Any) -> None:
        """`Flow.run_agent` starts one with the labels of the flow's run configuration."""
        started: list[LocalAgent] = []
        monkeypatch.setattr(LocalAgent, "start", lambda self: started.append(self))
        Flow("plain").run_agent()
        Flow("labelled", run_config=LocalRun(labels=["b", "a"])).run_agent(
            show_flow_logs=True, log_to_cloud=False
        )
        plain, labelled = started
        assert (plain._takes_unlabelled, labelled._takes_unlabelled) == (True, False)
        assert labelled.labels[:2] == ["a", "b"] and labelled.show_flow_logs
        assert (plain.log_to_cloud, labelled.log_to_cloud) == (True, False)

    def test_needs_the_store(self) -> None:
        """An API is refused: runs are recorded in the store itself."""
        with pytest.raises(ConfigurationError, match="needs the run store itself"):
            LocalAgent(source="http://127.0.0.1:4200")
