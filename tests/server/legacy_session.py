"""What a user of Prefect 1.4.1 does; run by its interpreter, pointed at a server of ours.

Every step notes what it saw; the tests compare that with what Prefect Server answers.
"""

import json
import sys
from datetime import timedelta

import pendulum
import prefect
from click.testing import CliRunner
from prefect import Client, Flow, Parameter, task
from prefect.agent.local import LocalAgent
from prefect.backend import FlowRunView, FlowView, TaskRunView, TenantView
from prefect.backend.artifacts import create_link_artifact
from prefect.backend.flow_run import check_for_compatible_agents, watch_flow_run
from prefect.cli import cli
from prefect.engine.results import LocalResult
from prefect.engine.state import Cached, Failed, Running, Scheduled, Success
from prefect.exceptions import ClientError, VersionLockMismatchSignal
from prefect.run_configs import LocalRun
from prefect.schedules import IntervalSchedule
from prefect.storage import Local
from prefect.tasks.prefect import create_flow_run, get_task_run_result, wait_for_flow_run

PROJECT = "legacy project"
SEEN = {}


def note(name, value):
    SEEN[name] = value


def failure(call, *args, **kwargs):
    """The type of what a call raises, and its words."""
    try:
        return ["returned", repr(call(*args, **kwargs))]
    except (Exception, VersionLockMismatchSignal) as exc:
        return [type(exc).__name__, str(exc)]


def build_flow():
    attempts = []

    @task
    def foo():
        prefect.context.logger.info("foo says hello")
        create_link_artifact("https://example.com")
        return "foobar!"

    @task
    def inc(x):
        return x + 1

    @task(max_retries=1, retry_delay=timedelta(seconds=0))
    def flaky(y):
        attempts.append(1)
        if len(attempts) < 2:
            raise ValueError("not yet")
        return y

    @task(task_run_name="renamed {z}", cache_for=timedelta(hours=1))
    def cached(z):
        return z * 2

    with Flow("documented", result=LocalResult(dir="results")) as flow:
        number = Parameter("number", default=20)
        foo()
        inc.map([0, 1, 2, 3, 4, 5])
        cached(flaky(number))
    flow.run_config = LocalRun(labels=["here"])
    flow.storage = Local(add_default_labels=False)
    return flow


def register(client):
    note("project", client.create_project(PROJECT, "what it is for"))
    note("project again", client.create_project(PROJECT))
    flow = build_flow()
    note("no such project", failure(flow.register, "no such project"))
    flow_id = flow.register(PROJECT, idempotency_key="first")
    note("registered again", flow.register(PROJECT, idempotency_key="first") == flow_id)
    note("flow id", flow_id)
    view = FlowView.from_flow_name("documented", project_name=PROJECT)
    note("flow view", [view.flow_id, view.name, view.project_name, view.archived])
    note("core version", view.core_version)
    note("flow view labels", sorted(view.flow_group_labels or []))
    note("tenant", TenantView.from_current_tenant().slug)
    return flow_id


def execute_with_agent(client, flow_id):
    """Schedule a run, and let one poll of the local agent execute it in a process of its own."""
    flow_run_id = client.create_flow_run(
        flow_id, parameters={"number": 21}, context={"color": "blue"}, run_name="by agent"
    )
    note("scheduled", client.get_flow_run_state(flow_run_id).is_scheduled())
    info = client.get_flow_run_info(flow_run_id)
    note("info", [info.name, info.parameters, info.context, info.project.name, len(info.task_runs)])
    LocalAgent(max_polls=1, labels=["elsewhere"], hostname_label=False).start()
    note("other labels", type(client.get_flow_run_state(flow_run_id)).__name__)
    agent = LocalAgent(max_polls=1, labels=["here"], hostname_label=False, name="tester")
    agent.start()
    note("processes", [process.wait() for process in agent.processes])
    note("agents", check_for_compatible_agents(["here"]))
    return flow_run_id


def look_at_run(client, flow_id, flow_run_id):
    state = client.get_flow_run_state(flow_run_id)
    note("final", [type(state).__name__, state.message])
    view = FlowRunView.from_flow_run_id(flow_run_id, load_static_tasks=True)
    note("states", [type(each).__name__ for each in view.states])
    note("view", [view.name, view.parameters, view.context, view.labels, view.flow_id == flow_id])
    note("run config", type(view.run_config).__name__)
    note("metadata", view.get_flow_metadata().name)
    logs = view.get_logs()
    note("logs", [log.message for log in logs])
    note("log levels", sorted({log.level for log in logs}))
    note("task run ids", len(view.get_task_run_ids()))
    note("all task runs", sorted(run.task_slug for run in view.get_all_task_runs()))
    foo = TaskRunView.from_task_slug("foo-1", flow_run_id=flow_run_id)
    note("foo", foo.get_result())
    note("foo by id", TaskRunView.from_task_run_id(foo.task_run_id).get_result())
    parent = TaskRunView.from_task_slug("inc-1", flow_run_id=flow_run_id)
    note("parent", [type(parent.state).__name__, parent.get_result()])
    child = TaskRunView.from_task_slug("inc-1", flow_run_id=flow_run_id, map_index=2)
    note("child", child.get_result())
    note("iterated", [each.get_result() for each in parent.iter_mapped()])
    note("retried", view.get_task_run("flaky-1").get_result())
    cached = view.get_task_run("cached-1")
    note("cached", [cached.get_result(), cached.name, type(cached.state).__name__])
    note("unknown slug", failure(TaskRunView.from_task_slug, "bar-1", flow_run_id)[0])
    note("unknown run", failure(FlowRunView.from_flow_run_id, flow_id)[0])
    artifacts = client.graphql("{ task_run_artifact { kind data } }").data.task_run_artifact
    note("artifacts", [[each.kind, each.data.to_dict()] for each in artifacts])
    return foo


def query_as_documented(client, flow_run_id):
    query = """
    query {
      task_run(where: {flow_run_id: {_eq: "%s"}}) {
        id
        state
        start_time
        task {
          slug
        }
      }
    }
    """
    answer = client.graphql(query % flow_run_id)
    note("documented", answer.to_dict())


def set_states(client, flow_id):
    """Set states by hand, with and without the version."""
    flow_run_id = client.create_flow_run(flow_id, run_name="by hand")
    info = client.get_flow_run_info(flow_run_id)
    running = client.set_flow_run_state(flow_run_id, Running("go"), version=info.version)
    note("set", type(running).__name__)
    try:
        client.set_flow_run_state(flow_run_id, Running("late"), version=info.version)
    except VersionLockMismatchSignal as exc:
        note("late flow run", str(exc))
    task_run = info.task_runs[0]
    args = {"flow_run_id": flow_run_id, "task_id": task_run.task_id}
    child = client.get_task_run_info(map_index=3, **args)
    note("new child", [child.version, type(child.state).__name__])
    note("same child", client.get_task_run_info(map_index=3, **args).id == child.id)
    client.set_task_run_state(child.id, Running(), version=child.version)
    note("late task run", failure(client.set_task_run_state, child.id, Running(), version=0)[0])
    client.set_task_run_state(child.id, Success(result=LocalResult(location="x.pickle")))
    state = client.get_task_run_state(child.id)
    note("child set", [type(state).__name__, type(state._result).__name__, state._result.location])
    expires = pendulum.now("utc").add(hours=1)
    hit = Cached(cached_result_expiration=expires, cached_parameters={"number": 1})
    client.set_task_run_state(task_run.id, hit)
    since = pendulum.now("utc").subtract(hours=1)
    states = client.get_latest_cached_states(task_run.task_id, None, since)
    note("cached states", [[type(s).__name__, s.cached_parameters] for s in states])
    note("renamed", client.set_flow_run_name(flow_run_id, "new name"))
    note("task renamed", client.set_task_run_name(task_run.id, "new task name"))
    client.update_flow_run_heartbeat(flow_run_id)
    client.write_run_logs([{"flow_run_id": flow_run_id, "message": "m", "level": "WARNING"}])
    view = FlowRunView.from_flow_run_id(flow_run_id)
    logs = view.get_logs(end_time=pendulum.now("utc"))
    note("by hand", [view.name, [log.message for log in logs]])
    note("malformed", failure(client.graphql, "{ flow { nonsense } }"))
    note("cancelling", client.cancel_flow_run(flow_run_id))
    client.set_flow_run_state(flow_run_id, Failed("stopped by hand"))
    note("watched", [log.message for log in watch_flow_run(flow_run_id)][:1])
    later = pendulum.now("utc").add(days=1)
    key = {"idempotency_key": "once", "scheduled_start_time": later}
    once = client.create_flow_run(flow_id, **key)
    note("idempotent", client.create_flow_run(flow_id, **key) == once)
    note("cancelled", client.cancel_flow_run(once))
    note("retry", type(client.set_flow_run_state(once, Scheduled(start_time=later))).__name__)


def compose(flow_run_id):
    """The tasks that flows are composed with, called as a flow calls them."""
    with prefect.context(task_run_id="parent"):
        child = create_flow_run.run(flow_name="documented", project_name=PROJECT, run_name="child")
    note("created by task", FlowRunView.from_flow_run_id(child).name)
    note("waited for", wait_for_flow_run.run(flow_run_id).state.message)
    note("result by task", get_task_run_result.run(flow_run_id, "inc-1"))


def use_commands(flow_run_id):
    def output(*words):
        done = CliRunner().invoke(cli, list(words))
        return [done.exit_code, done.output]

    note("create project", output("create", "project", "by command", "-d", "words"))
    note("get projects", output("get", "projects"))
    note("get flows", output("get", "flows", "--project", PROJECT))
    note("get flow-runs", output("get", "flow-runs", "--flow", "documented", "--started"))
    note("get tasks", output("get", "tasks", "--flow-name", "documented", "--limit", "50"))
    note("get logs", output("get", "logs", "--id", flow_run_id))
    note("describe", output("describe", "flow-runs", "--name", "by agent"))
    name = ("run", "--project", PROJECT, "--name", "documented", "--run-name", "by command")
    note("run", output(*name, "--execute"))
    query = '{ flow_run(where: {name: {_eq: "by command"}}) { id } }'
    again = FlowRunView.from_flow_run_id(Client().graphql(query).data.flow_run[0].id)
    note("run by command", type(again.state).__name__)
    note("from the cache", again.get_task_run("cached-1").get_result())


def register_versions(client):
    with Flow("versions", schedule=IntervalSchedule(interval=timedelta(days=1))) as flow:
        Parameter("p", default=1)
    first = flow.register(PROJECT, no_url=True)
    second = client.register(flow, PROJECT, no_url=True, compressed=False)
    query = '{ flow(where: {name: {_eq: "versions"}}, order_by: {version: asc}) %s }'
    fields = "{ id version archived is_schedule_active }"
    found = client.graphql(query % fields).data.flow
    note("versions", [[f.version, f.archived, f.id in (first, second)] for f in found])
    note("archived", failure(client.create_flow_run, first))
    group = client.graphql(query % "{ version_group_id }").data.flow[0].version_group_id
    run = client.create_flow_run(version_group_id=group)
    note("newest", FlowRunView.from_flow_run_id(run).flow_id == second)
    client.create_project("to delete")
    note("deleted", client.delete_project("to delete"))
    try:
        client.set_secret("name", "value")
    except ClientError as exc:
        note("secret", str(exc))


def main():
    client = Client()
    flow_id = register(client)
    flow_run_id = execute_with_agent(client, flow_id)
    look_at_run(client, flow_id, flow_run_id)
    query_as_documented(client, flow_run_id)
    set_states(client, flow_id)
    compose(flow_run_id)
    use_commands(flow_run_id)
    register_versions(client)
    SEEN["flow run id"] = flow_run_id
    with open(sys.argv[1], "w") as out:
        json.dump(SEEN, out, default=repr)


if __name__ == "__main__":
    main()
