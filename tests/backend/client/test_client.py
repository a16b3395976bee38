"""`Client`: the methods of 1.4.1, against a server and against the embedded store."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from prefect_results import Flow, Parameter, task
from prefect_results.backend.agent import companion
from prefect_results.backend.client import Client
from prefect_results.backend.store import RunStore, open_store
from prefect_results.backend.store.opening import sqlite_url
from prefect_results.configuration import config, set_temporary_config
from prefect_results.exceptions import ClientError, ObjectNotFoundError, VersionLockMismatchSignal
from prefect_results.server import ServerProcess
from prefect_results.states import Cached, Failed, Pending, Running, Success
from tests.backend import recorded
from tests.backend.postgres import PostgresServer


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def module_url(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    sqlite_template: Path,
) -> str:
    """The URL of a store for a module, once for each database."""
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        return server.url(server.new_database())
    path = tmp_path_factory.mktemp("client") / "runs.db"
    path.write_bytes(sqlite_template.read_bytes())
    return sqlite_url(path)


@pytest.fixture(scope="module")
def server(module_url: str) -> Iterator[ServerProcess]:
    """A server over it."""
    with ServerProcess(module_url) as running:
        yield running


@pytest.fixture
def store(module_url: str) -> Iterator[RunStore]:
    """The store."""
    opened = open_store(module_url)
    yield opened
    opened.close()


@pytest.fixture(params=["server", "embedded"])
def client(
    request: pytest.FixtureRequest, module_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Client]:
    """A client of the server, and one that needs none."""
    monkeypatch.setattr(companion, "execute_soon", lambda url, flow_run_id: None)
    monkeypatch.setattr("prefect_results.backend.agent.execute_soon", lambda url, flow_run_id: None)
    with set_temporary_config({"store.url": module_url}):
        if request.param == "embedded":
            yield Client()
            return
        made = Client(request.getfixturevalue("server").url)
        yield made
        made.close()


@task
def double(x: int) -> int:
    """Twice as much."""
    return 2 * x


def a_flow(name: str = "doubling") -> Flow:
    """A flow with a parameter."""
    with Flow(name, result=recorded.stored("/nowhere")) as flow:
        double(Parameter("x", default=1))
    return flow


@pytest.fixture
def flow_id(client: Client) -> str:
    """A flow that the client registered."""
    client.create_project("lab")
    return client.register(a_flow(), "lab", build=False, no_url=True)


def test_projects(client: Client) -> None:
    """A project is created once, and deleted."""
    made = client.create_project("garden", "with flowers")
    assert client.create_project("garden") == made
    assert client.delete_project("garden") is True
    with pytest.raises(ValueError, match="Project garden not found"):
        client.delete_project("garden")


def test_register(client: Client, store: RunStore, flow_id: str) -> None:
    """A flow is registered with its tasks and edges; again, it is the next version."""
    flow = store.get_flow(flow_id)
    assert (flow.name, flow.archived) == ("doubling", False)
    assert [one.slug for one in store.list_tasks(flow_id)] == ["double-1", "x"]
    assert len(store.list_edges(flow_id)) == 1
    again = client.register(a_flow(), "lab", build=False, no_url=True, compressed=False)
    assert store.get_flow(again).version == flow.version + 1
    assert client.newest_flow("doubling", "lab") == again
    assert client.newest_flow("doubling", "elsewhere") is None


def test_register_without_project(client: Client) -> None:
    """A project must be named, and be there."""
    with pytest.raises(TypeError, match="'project_name' is a required field"):
        client.register(a_flow(), build=False)
    with pytest.raises(ValueError, match="Project nowhere not found"):
        client.register(a_flow(), "nowhere", build=False)


def test_flow_run(client: Client, flow_id: str) -> None:
    """A flow run is created, told about, set, renamed and cancelled."""
    start = datetime.now(timezone.utc) + timedelta(hours=1)
    made = client.create_flow_run(
        flow_id,
        parameters={"x": 3},
        context={"a": 1},
        labels=["blue"],
        scheduled_start_time=start,
        run_name="first",
        idempotency_key="key",
    )
    assert client.create_flow_run(flow_id, idempotency_key="key") == made
    info = client.get_flow_run_info(made)
    assert (info.id, info.name, info.flow_id) == (made, "first", flow_id)
    assert (info.parameters, info.context, info.project.name) == ({"x": 3}, {"a": 1}, "lab")
    assert info.scheduled_start_time == start
    assert info.state.is_scheduled()
    assert client.set_flow_run_name(made, "second") is True
    state = Running("Running flow.")
    assert client.set_flow_run_state(made, state, version=info.version) is state
    assert client.get_flow_run_state(made) == state
    with pytest.raises(VersionLockMismatchSignal):
        client.set_flow_run_state(made, state, version=info.version)
    assert client.cancel_flow_run(made) == "Cancelling"
    client.update_flow_run_heartbeat(made)


def test_flow_runs_that_are_not_there(client: Client) -> None:
    """A flow run that does not exist is told in the words of 1.4.1."""
    with pytest.raises(ClientError, match="Flow run ID not found"):
        client.get_flow_run_info(recorded.MISSING)
    with pytest.raises(ObjectNotFoundError, match="not found"):
        client.get_flow_run_state(recorded.MISSING)
    with pytest.raises(ValueError, match="One of flow_id or version_group_id"):
        client.create_flow_run()


def test_task_runs(client: Client, store: RunStore, flow_id: str) -> None:
    """Task runs are found or created, set, renamed; cached states are found again."""
    made = client.create_flow_run(flow_id)
    task_id = store.list_tasks(flow_id)[0].id
    info = client.get_task_run_info(made, task_id, map_index=0)
    assert info.state == Pending()
    assert client.set_task_run_name(info.id, "child") is True
    client.set_task_run_state(info.id, Cached(result=1))
    assert client.get_task_run_state(info.id).is_cached()
    before = datetime.now(timezone.utc) - timedelta(minutes=1)
    assert len(client.get_latest_cached_states(task_id, None, before)) == 1
    artifact = client.create_task_run_artifact(info.id, "link", {"link": "x"})
    client.update_task_run_artifact(artifact, {"link": "y"})
    client.delete_task_run_artifact(artifact)
    with pytest.raises(ValueError, match="The ID of an existing task run artifact"):
        client.delete_task_run_artifact(None)  # type: ignore[arg-type]


def test_logs(client: Client, store: RunStore, flow_id: str) -> None:
    """Lines are added to the log of a run."""
    made = client.create_flow_run(flow_id)
    client.write_run_logs([{"flow_run_id": made, "message": "hi", "level": "INFO", "name": "me"}])
    assert [line.message for line in store.list_logs(made).items] == ["hi"]


def test_tenants(client: Client) -> None:
    """There is one tenant, which is used without being named."""
    (tenant,) = client.get_available_tenants()
    assert client.tenant_id == tenant["id"]
    assert client.get_default_tenant_slug() == tenant["slug"]
    assert client.switch_tenant(tenant_slug=tenant["slug"]) == tenant["id"]
    with pytest.raises(ValueError, match="No matching tenant found"):
        client.switch_tenant(tenant_slug="nobody")
    with pytest.raises(ValueError, match="only one is allowed"):
        client.switch_tenant("a", "b")


def test_where_a_person_looks(client: Client) -> None:
    """A run is named by a URL, or by words where there is no user interface."""
    page = client.get_cloud_url("flow-run", "1234")
    assert "1234" in page


def test_graphql(client: Client, flow_id: str) -> None:
    """Queries of the user are answered."""
    found = client.graphql({"query": {"flow": {"id", "name"}}})
    assert flow_id in [flow.id for flow in found.data.flow]


def test_pickled(client: Client, flow_id: str) -> None:
    """A client goes to another process, without its key."""
    client.api_key = "secret"
    blob = pickle.dumps(client)
    assert b"secret" not in blob
    assert pickle.loads(blob).api_server == client.api_server


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"store.url": "http://127.0.0.1:4200"}, "http://127.0.0.1:4200"),
        ({"backend": "server"}, "http://localhost:4200"),
        ({"cloud.api": "http://old.example"}, "http://old.example"),
    ],
)
def test_which_api(settings: dict[str, Any], expected: str) -> None:
    """The configuration names the API: as the store, as the legacy server, or as `cloud.api`."""
    if settings.get("backend"):
        settings = {**settings, "cloud.api": config.server.endpoint}
    with set_temporary_config(settings):
        assert Client().api_server == expected
        assert Client("http://mine").api_server == "http://mine"


def test_states_that_are_set(client: Client, flow_id: str) -> None:
    """Each kind of state goes through the API and comes back."""
    made = client.create_flow_run(flow_id)
    for state in (Success("done", result=1), Failed("oh")):
        client.set_flow_run_state(made, state)
        found = client.get_flow_run_state(made)
        assert (type(found), found.message) == (type(state), state.message)
