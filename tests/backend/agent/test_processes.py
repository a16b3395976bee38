"""Agents whose runs are real processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from prefect_results import Flow, Parameter, task
from prefect_results.backend.agent import LocalAgent
from prefect_results.backend.store import RunStore
from prefect_results.backend.views import FlowRunView


@task
def where() -> tuple[str | None, str]:
    """What the process was given."""
    return os.environ.get("COLOUR"), os.getcwd()


@task
def dies(how: str) -> None:
    """End the process without a word to anybody, or with one."""
    print("last words", flush=True)
    os._exit(7) if how == "exit" else os.kill(os.getpid(), 9)


def registered(flow: Flow) -> str:
    """Register a flow."""
    flow_id = flow.register("lab", no_url=True)
    assert flow_id is not None
    return flow_id


def test_local_agent(store: RunStore, tmp_path: Path) -> None:
    """An agent executes what is scheduled, in the environment and folder of the configuration."""
    with Flow("where") as flow:
        where()
    run_config = {"type": "LocalRun", "env": {"COLOUR": "blue"}, "working_dir": str(tmp_path)}
    run = store.create_flow_run(registered(flow), run_config=run_config)
    LocalAgent(max_polls=1).start()
    view = FlowRunView.from_flow_run_id(run.id)
    assert view.state.is_successful()
    assert view.get_task_run("where-1").get_result() == ("blue", str(tmp_path))
    assert [type(state).__name__ for state in view.states][:2] == ["Scheduled", "Submitted"]


def test_processes_that_die(store: RunStore) -> None:
    """A run whose process dies fails; its state says how it died, its log has its last words."""
    with Flow("dies") as flow:
        dies(Parameter("how"))
    flow_id = registered(flow)
    ids = [store.create_flow_run(flow_id, parameters={"how": how}).id for how in ("exit", "kill")]
    LocalAgent(max_polls=1).start()
    told = [str(store.get_flow_run(run_id).state_message) for run_id in ids]
    assert "exit code 7" in told[0]
    assert "signal 9" in told[1]
    assert "last words" in str(store.list_logs(ids[0]).items[-1].message)


def test_unknown_run(store: RunStore) -> None:
    """The process of a run that does not exist says so."""
    command = [sys.executable, "-m", "prefect_results.backend.agent", "execute", "nothing"]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PREFECT__STORE__URL": store.url}
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    assert (done.returncode, "no flow run 'nothing'" in done.stdout) == (3, True)


def test_terminated(store: RunStore) -> None:
    """An agent that is terminated ends its runs, which then are cancelled."""

    @task
    def sleeps() -> None:
        time.sleep(60)

    with Flow("sleeps") as flow:
        sleeps()
    run = store.create_flow_run(registered(flow))
    code = "from prefect_results.backend.agent import LocalAgent; LocalAgent().start()"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PREFECT__STORE__URL": store.url}
    agent = subprocess.Popen([sys.executable, "-c", code], env=env, stdout=subprocess.DEVNULL)
    try:
        while store.get_flow_run(run.id).state != "Running":
            assert agent.poll() is None
            time.sleep(0.05)
        agent.terminate()
        assert agent.wait(60) == 143
    finally:
        agent.kill()
        agent.wait()
    assert store.get_flow_run(run.id).state == "Cancelled"
