"""Mutations beyond what a session of Prefect 1.4.1 shows."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest

from prefect_results.backend.store import new_id, open_store
from prefect_results.server.execution import execute
from prefect_results.server.operations import MUTATIONS, QUERIES, Caller, flows
from tests.server.conftest import Ask

FLOW = {
    "name": "f",
    "tasks": [{"slug": "a-1", "name": "a"}, {"slug": "b-1", "name": "b"}],
    "edges": [{"upstream_task": {"slug": "a-1"}, "downstream_task": {"slug": "b-1"}}],
    "parameters": [{"name": "p", "required": True}, {"name": "q", "required": False}],
}


@pytest.fixture(scope="module")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store on SQLite only; both databases are under the legacy session."""
    return str(tmp_path_factory.mktemp("store") / "store.db")


@pytest.fixture(scope="module")
def do(ask: Ask) -> Any:
    """Call a mutation with its input; returns its payload, or its error."""

    def done(name: str, output: str = "id", /, **given: Any) -> Any:
        query = f"mutation($input: {name}_input!) {{ {name}(input: $input) {{ {output} }} }}"
        answer = ask(query, input=given)
        return answer["errors"][0] if "errors" in answer else answer["data"][name]

    return done


@pytest.fixture(scope="module")
def flow_id(do: Any) -> str:
    """A registered flow."""
    project = do("create_project", name="p")["id"]
    found: str = do("create_flow", project_id=project, serialized_flow=FLOW)["id"]
    return found


def _run(do: Any, flow_id: str, **given: Any) -> str:
    found: str = do("create_flow_run", flow_id=flow_id, parameters={"p": 1}, **given)["id"]
    return found


def test_required_parameters_are_demanded(do: Any, flow_id: str) -> None:
    """A run that could not start is not scheduled."""
    told = do("create_flow_run", flow_id=flow_id, parameters={"q": 1})
    assert told["message"] == "Required parameters were not supplied: p"
    assert told["path"] == ["create_flow_run"]
    told = do("create_flow_run", flow_id=flow_id, parameters={"p": 1, "r": 1})
    assert told["message"] == "Unexpected parameters were supplied: r; it takes p, q"


def test_a_run_has_task_runs_at_once(ask: Ask, do: Any, flow_id: str) -> None:
    """Runners of Prefect 1.4.1 learn the ids of tasks from them."""
    run = _run(do, flow_id)
    query = "query($id: uuid!) { flow_run_by_pk(id: $id) { task_runs { state task { slug } } } }"
    found = ask(query, id=run)["data"]["flow_run_by_pk"]["task_runs"]
    assert sorted(each["task"]["slug"] for each in found) == ["a-1", "b-1"]
    assert {each["state"] for each in found} == {"Pending"}


def test_states_are_set_all_or_none(ask: Ask, do: Any, flow_id: str) -> None:
    """One version that differs keeps the others of the request from being set."""
    runs = [_run(do, flow_id) for _ in range(2)]
    states = [
        {"flow_run_id": run, "state": {"type": "Running"}, "version": version}
        for run, version in zip(runs, (1, 7))
    ]
    told = do("set_flow_run_states", "states { id status message }", states=states)
    assert told["extensions"]["code"] == "VERSION_LOCKING_ERROR"
    query = "query($ids: [uuid!]) { flow_run(where: {id: {_in: $ids}}) { state version } }"
    unchanged = ask(query, ids=runs)["data"]["flow_run"]
    assert unchanged == [{"state": "Scheduled", "version": 1}] * 2
    states[1]["version"] = None
    done = do("set_flow_run_states", "states { id status message }", states=states)["states"]
    assert [(each["status"], each["message"]) for each in done] == [("SUCCESS", None)] * 2
    assert all(each["id"] for each in done)


@pytest.mark.parametrize("state", [{"type": "Nonsense"}, {"type": "annotations"}, {}, "Success", 3])
def test_states_of_no_known_type_are_refused(do: Any, flow_id: str, state: Any) -> None:
    """What no client could read is not stored."""
    run = _run(do, flow_id)
    told = do("set_flow_run_states", "states { id }", states=[{"flow_run_id": run, "state": state}])
    assert "whose `type` names a state" in told["message"]


def test_unknown_records_are_not_found(do: Any) -> None:
    """Every mutation that names a record says so when there is none."""
    unknown = new_id()
    for name, given in {
        "delete_project": {"project_id": unknown},
        "set_schedule_active": {"flow_id": unknown},
        "register_tasks": {"flow_id": unknown, "serialized_tasks": []},
        "delete_flow": {"flow_id": unknown},
        "set_flow_run_name": {"flow_run_id": unknown, "name": "x"},
        "update_flow_run_heartbeat": {"flow_run_id": unknown},
        "delete_flow_run": {"flow_run_id": unknown},
        "set_task_run_name": {"task_run_id": unknown, "name": "x"},
        "delete_key_value": {"key_value_id": unknown},
        "create_task_run_artifact": {"task_run_id": unknown, "kind": "link", "data": {}},
        "delete_task_run_artifact": {"task_run_artifact_id": unknown},
    }.items():
        field = "id" if name.startswith("create") else "success"
        told = do(name, field, **given)
        assert told["extensions"]["code"] == "NOT_FOUND", told
        assert "not found" in told["message"].lower()  # the words that 1.4.1 looks for
    line = {"flow_run_id": unknown, "message": "m"}
    told = do("write_run_logs", "success", logs=[line])
    assert told["message"] == "Not found: a record that was named does not exist"


def test_one_failed_mutation_leaves_the_others(ask: Ask) -> None:
    """They are done in order; the one that failed is null and has an entry."""
    query = """mutation {
      a: create_project(input: {name: "several"}) { id }
      b: create_project(input: {name: "several"}) { id }
      c: set_key_value(input: {key: "k", value: [1, {x: null}]}) { id __typename }
    }"""
    answer = ask(query)
    assert [entry["path"] for entry in answer["errors"]] == [["b"]]
    assert answer["data"]["a"] and answer["data"]["b"] is None
    assert answer["data"]["c"]["__typename"] == "set_key_value_payload"
    found = ask('{ key_value(where: {key: {_eq: "k"}}) { value } }')["data"]
    assert found == {"key_value": [{"value": [1, {"x": None}]}]}


def test_artifacts_can_be_changed(ask: Ask, do: Any, flow_id: str) -> None:
    """An artifact is found with its task run, updated and deleted."""
    run = _run(do, flow_id)
    query = "query($id: uuid!) { flow_run_by_pk(id: $id) { task_runs { id artifacts { data } } } }"
    task_run = ask(query, id=run)["data"]["flow_run_by_pk"]["task_runs"][0]["id"]
    given = {"task_run_id": task_run, "kind": "markdown", "data": {"markdown": "old"}}
    artifact = {"task_run_artifact_id": do("create_task_run_artifact", **given)["id"]}
    done = do("update_task_run_artifact", "success", **artifact, data={"markdown": "new"})
    assert done == {"success": True}
    by_key = "query($id: uuid!) { task_run_by_pk(id: $id) { artifacts { kind data } } }"
    found = ask(by_key, id=task_run)["data"]["task_run_by_pk"]["artifacts"]
    assert found == [{"kind": "markdown", "data": {"markdown": "new"}}]
    assert do("delete_task_run_artifact", "success", **artifact) == {"success": True}


def test_agents_are_noted(store: Any, ask: Ask, do: Any) -> None:
    """An agent that asks for work under its id is seen to be alive."""
    agent = do("register_agent", type="LocalAgent", name="n", labels=["b", "a", "b"])["id"]
    before = ask("{ agent { id labels last_queried } }")["data"]["agent"]
    assert before[0]["labels"] == ["a", "b"]
    query = {"query": "mutation { get_runs_in_queue(input: {labels: []}) { flow_run_ids } }"}
    assert "errors" not in execute(query, Caller(store, agent_id=agent)).body
    assert "errors" not in execute(query, Caller(store, agent_id="nonsense")).body
    after = ask("{ agent { last_queried } }")["data"]["agent"]
    assert after[0]["last_queried"] > before[0]["last_queried"]
    assert do("delete_agent", "success", agent_id=agent) == {"success": True}
    assert ask("{ agent { id } }")["data"]["agent"] == []


def test_cancelling_follows_the_state(do: Any, flow_id: str) -> None:
    """A run with a process is asked to stop, one without is cancelled, a finished one is left."""
    run = _run(do, flow_id)
    states = [{"flow_run_id": run, "state": {"type": "Running"}}]
    do("set_flow_run_states", "states { id }", states=states)
    assert do("cancel_flow_run", "state", flow_run_id=run) == {"state": "Cancelling"}
    states[0]["state"] = {"type": "Success"}
    do("set_flow_run_states", "states { id }", states=states)
    assert do("cancel_flow_run", "state", flow_run_id=run) == {"state": "Success"}
    waiting = _run(do, flow_id)
    assert do("cancel_flow_run", "state", flow_run_id=waiting) == {"state": "Cancelled"}


def test_compressed_flows_are_bounded(
    do: Any, flow_id: str, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few bytes that would fill the memory are refused, and so is what is no flow."""
    project = ask("{ project { id } }")["data"]["project"][0]["id"]

    def told(blob: bytes) -> str:
        text = base64.b64encode(blob).decode()
        name = "create_flow_from_compressed_string"
        answer = do(name, project_id=project, serialized_flow=text)
        return str(answer.get("message") or answer["id"])

    whole = gzip.compress(json.dumps({**FLOW, "name": "compressed"}).encode())
    assert len(told(whole)) == 36
    assert "compressed with gzip" in told(whole[:-20])
    assert "compressed with gzip" in told(b"no gzip")
    assert "compressed with gzip" in told(gzip.compress(b"{"))
    assert "is a JSON object" in told(gzip.compress(b"[]"))
    monkeypatch.setattr(flows, "MAX_FLOW_BYTES", 1000)
    assert "more than 1000 bytes" in told(gzip.compress(b" " * 100_000))


def test_what_only_the_cloud_has_is_said_so(ask: Ask, do: Any) -> None:
    """Lists of it are empty, changes are refused."""
    lists = "{ secret_names task_tag_limit(where: {tag: {_eq: 3}}) { limit } agent_config { id } }"
    assert ask(lists)["data"] == {"secret_names": [], "task_tag_limit": [], "agent_config": []}
    for name, given, output in (
        ("set_secret", {"name": "x", "value": 1}, "success"),
        ("update_task_tag_limit", {"tag": "x", "limit": 1}, "id"),
        ("create_api_key", {"name": "x"}, "key"),
        ("create_tenant", {"name": "another"}, "id"),
    ):
        assert "This server" in do(name, output, **given)["message"]
    assert do("create_tenant", name="Default", slug="default")["id"]


def test_every_operation_says_what_it_does() -> None:
    """Descriptions of the schema are the first lines of docstrings."""
    for operation in (*QUERIES.values(), *MUTATIONS.values()):
        assert (operation.resolve.__doc__ or "").splitlines()[0].endswith(".")


@pytest.fixture(scope="module")
def reopened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Another store."""
    opened = open_store(tmp_path_factory.mktemp("other") / "store.db")
    yield opened
    opened.close()


def test_get_task_run_info(reopened: Any) -> None:
    """The version and the state of a task run, or that it does not exist."""
    project = reopened.create_project("p").id
    flow = reopened.register_flow(project, FLOW).id
    run = reopened.create_flow_run(flow).id
    task_run = reopened.get_or_create_task_run(run, task_slug="a-1").id
    query = "query($id: UUID!) { get_task_run_info(task_run_id: $id) { version serialized_state } }"

    def told(task_run_id: str) -> Any:
        payload = {"query": query, "variables": {"id": task_run_id}}
        return execute(payload, Caller(reopened)).body

    assert told(task_run) == {
        "data": {"get_task_run_info": {"version": 0, "serialized_state": None}}
    }
    assert told(run)["errors"][0]["extensions"]["code"] == "NOT_FOUND"
