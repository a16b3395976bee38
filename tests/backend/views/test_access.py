"""Accesses: which one a source means, and what has no view of its own."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from prefect_results.backend import artifacts, kv_store
from prefect_results.backend.access import RunAccess, StoredRuns, open_access
from prefect_results.backend.access.remote import RemoteRuns
from prefect_results.backend.client import Client
from prefect_results.backend.store import RunStore
from prefect_results.backend.views import TaskRunView, TenantView
from prefect_results.configuration import set_temporary_config
from prefect_results.context import context
from prefect_results.server import ServerProcess
from tests.backend import recorded


def test_sources(store: RunStore, tmp_path: Path) -> None:
    """A store, a path, a URL, a client and an access are each what they look like."""
    assert open_access(store).store is store  # type: ignore[attr-defined]
    path = tmp_path / "runs.db"
    assert isinstance(open_access(path), StoredRuns)
    assert open_access(path) is open_access(str(path)) is open_access(f"sqlite:///{path}")
    assert isinstance(open_access("http://api.invalid"), RemoteRuns)
    client = Client("http://api.invalid")
    assert open_access(client).client is client  # type: ignore[attr-defined]
    access = open_access(store)
    assert open_access(access) is access
    with pytest.raises(TypeError, match="expected a run store, a Client or a URL"):
        open_access(3)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("settings", "kind", "address"),
    [
        ({}, StoredRuns, "prefect_results.db"),
        ({"store.url": "http://api.invalid:4200"}, RemoteRuns, "http://api.invalid:4200"),
        ({"backend": "server", "cloud.api": "http://old"}, RemoteRuns, "http://old"),
    ],
)
def test_configured(settings: dict[str, Any], kind: type, address: str, home_dir: Path) -> None:
    """Without a source the configuration says where runs are; by default in the home folder."""
    with set_temporary_config(settings):
        access = open_access()
    assert isinstance(access, kind)
    assert access.address.endswith(address)


def test_password_is_not_told(store: RunStore) -> None:
    """The address of a store is without its user and password."""

    class Somewhere:
        url = "postgresql://me:secret@db:5432/runs"

    assert StoredRuns(Somewhere()).address == "postgresql://db:5432/runs"  # type: ignore[arg-type]


def test_pickled(access: RunAccess, store: RunStore) -> None:
    """An access of a store is pickled as its URL."""
    if access.is_embedded:
        assert pickle.loads(pickle.dumps(access)).address == access.address


def test_key_values(access: RunAccess) -> None:
    """Values are kept under keys, replaced, listed and deleted."""
    access.set_key_value("b", {"x": [1]})
    access.set_key_value("a", None)
    access.set_key_value("b", 2)
    assert (access.list_keys(), access.get_key_value("b")) == (["a", "b"], 2)
    assert (access.delete_key("b"), access.delete_key("b")) == (True, False)
    with pytest.raises(KeyError):
        access.get_key_value("b")


def test_key_value_functions(store: RunStore) -> None:
    """The functions of 1.4.1 use the configured place, and raise as there."""
    with set_temporary_config({"store.url": store.url}):
        assert kv_store.set_key_value("k", [1])
        assert kv_store.get_key_value("k") == [1]
        assert kv_store.list_keys() == ["k"]
        assert kv_store.delete_key("k") is True
        with pytest.raises(ValueError, match="No value found for key: k"):
            kv_store.get_key_value("k")
        with pytest.raises(ValueError, match="No key k found to delete"):
            kv_store.delete_key("k")
        with pytest.raises(ValueError, match="10 KB limit"):
            kv_store.set_key_value("k", "x" * 10_000)


def test_artifacts(access: RunAccess, store: RunStore, run_id: str) -> None:
    """Something is shown beside a task run, replaced and taken away."""
    task_run_id = TaskRunView.from_task_slug("foo-1", run_id, source=store).task_run_id
    made = access.create_artifact(task_run_id, "link", {"link": "x"})
    access.update_artifact(made, {"link": "y"})
    access.delete_artifact(made)
    with pytest.raises(Exception, match="no artifact"):
        access.delete_artifact(made)


def test_artifact_functions(store: RunStore, run_id: str) -> None:
    """The functions of 1.4.1 do nothing in a run that is not recorded."""
    assert artifacts.create_link_artifact("x") is None
    artifacts.update_link_artifact("id", "x")
    artifacts.update_markdown_artifact("id", "x")
    artifacts.delete_artifact("id")
    task_run_id = TaskRunView.from_task_slug("foo-1", run_id, source=store).task_run_id
    recorded_run = context(running_with_backend=True, task_run_id=task_run_id)
    with set_temporary_config({"store.url": store.url}), recorded_run:
        made = artifacts.create_markdown_artifact("# x")
        assert made is not None
        artifacts.update_markdown_artifact(made, "# y")
        artifacts.delete_artifact(made)


def test_tenants(access: RunAccess) -> None:
    """There is one tenant."""
    tenant = TenantView.from_current_tenant(source=access)
    assert TenantView.from_tenant_id(tenant.tenant_id, source=access) == tenant
    with pytest.raises(ValueError, match="No results found while querying for tenants"):
        TenantView.from_tenant_id(recorded.MISSING, source=access)


def test_changes(access: RunAccess, store: RunStore, run_id: str) -> None:
    """Runs are created, renamed, set and cancelled alike through each access."""
    flow_id = store.get_flow_run(run_id).flow_id
    made = access.create_flow_run(flow_id, name="x", parameters={}, idempotency_key="k")
    assert access.create_flow_run(flow_id, idempotency_key="k") == made
    assert access.set_flow_run_name(made, "y") is True
    state = {"type": "Running", "message": "go"}
    version = store.get_flow_run(made).version
    assert access.set_flow_run_state(made, state, version) is True
    assert access.set_flow_run_state(made, state, version) is False
    assert access.flow_run_state(made)["type"] == "Running"
    assert access.flow_run_state(recorded.MISSING) is None
    assert access.cancel_flow_run(made) == "Cancelling"
    other = access.create_flow_run(flow_id)
    assert access.cancel_flow_run(other) == "Cancelled"
    assert access.cancel_flow_run(other) == "Cancelled"
    assert made in access.page_of("flow-run", made)


def test_over_http(store: RunStore, run_id: str) -> None:
    """Views work by the URL of a server, as they do by its store."""
    with ServerProcess(store.url) as server:
        view = TaskRunView.from_task_slug("inc-1", run_id, source=server.url)
        assert view.get_result() == [1, 2, 3, 4, 5, 6]
        assert [child.map_index for child in view.iter_mapped()] == list(range(6))
        with set_temporary_config({"store.url": server.url}):
            assert TaskRunView.from_task_slug("foo-1", run_id).get_result() == "foobar!"
