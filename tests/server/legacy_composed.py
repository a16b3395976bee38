"""Flows that compose flows, by Prefect 1.4.1: executed by `prefect agent local start`.

Run by its interpreter, pointed at a server of ours, as is the agent that it starts.
"""

import json
import os
import signal
import subprocess
import sys
import time

import prefect
from prefect import Client, Flow, task
from prefect.backend import FlowRunView, TaskRunView
from prefect.engine.results import LocalResult
from prefect.run_configs import LocalRun
from prefect.storage import Local
from prefect.tasks.prefect import create_flow_run, get_task_run_result, wait_for_flow_run

PROJECT = "composed"


@task
def numbers():
    return [1, 2, 3]


@task
def double(x):
    return 2 * x


@task
def total(xs):
    prefect.context.logger.info("adding")
    return sum(xs)


def register():
    """Register a child flow and a parent that runs it, waits, and takes a result; two of them."""
    results = LocalResult(dir=os.path.abspath("results"))
    with Flow("child", result=results) as child:
        double.map(numbers())
    with Flow("parent", result=results) as parent:
        run_id = create_flow_run(flow_name="child", project_name=PROJECT)
        waited = wait_for_flow_run(run_id, raise_final_state=True)
        doubled = get_task_run_result(run_id, "double-1", upstream_tasks=[waited])
        total(doubled)
    Client().create_project(PROJECT)
    ids = []
    for flow in (child, parent):
        flow.run_config = LocalRun(labels=["here"])
        flow.storage = Local(add_default_labels=False)
        ids.append(flow.register(PROJECT, no_url=True))
    return ids


def main():
    _, parent_id = register()
    client = Client()
    flow_run_id = client.create_flow_run(parent_id)
    command = [sys.executable, "-m", "prefect", "agent", "local", "start"]
    agent = subprocess.Popen([*command, "--no-hostname-label", "--label", "here"])
    try:
        deadline = time.monotonic() + 240
        while not client.get_flow_run_state(flow_run_id).is_finished():
            if time.monotonic() > deadline or agent.poll() is not None:
                break
            time.sleep(0.5)
    finally:
        agent.send_signal(signal.SIGINT)
        code = agent.wait(60)
    view = FlowRunView.from_flow_run_id(flow_run_id)
    child_run_id = view.get_task_run("create_flow_run-1").get_result()
    told = {
        "state": [type(view.state).__name__, view.state.message],
        "total": TaskRunView.from_task_slug("total-1", flow_run_id=flow_run_id).get_result(),
        "child": type(FlowRunView.from_flow_run_id(child_run_id).state).__name__,
        "logs": [line.message for line in view.get_logs()],
        "agent": code,
    }
    with open(sys.argv[1], "w") as out:
        json.dump(told, out)


if __name__ == "__main__":
    main()
