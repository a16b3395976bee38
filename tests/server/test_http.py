"""Who is let in, what is answered, and the page."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from prefect_results.backend.store import open_store
from prefect_results.exceptions import StoreUnavailable
from prefect_results.server.http import create_app
from tests.server.asgi import send

HELLO = {"query": "{ hello }"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """An empty store."""
    opened = open_store(tmp_path_factory.mktemp("store") / "store.db")
    yield opened
    opened.close()


@pytest.fixture
def app(store: Any) -> Any:
    """The application without a key."""
    return create_app(store)


@pytest.fixture
def locked(store: Any) -> Any:
    """The application with a key."""
    return create_app(store, key="sésame")


@pytest.mark.parametrize("path", ["/graphql", "/graphql/", "/"])
def test_graphql_is_served(app: Any, path: str) -> None:
    """On `/graphql`, and on `/`, where Prefect 1.4.1 sends its requests."""
    answer = send(app, path=path, body=HELLO)
    assert (answer.status, answer.json()) == (200, {"data": {"hello": "👋"}})
    assert answer.headers["content-type"] == "application/json"


def test_invalid_documents_are_bad_requests(app: Any) -> None:
    """What cannot be executed has status 400, what failed on the way has 200 (as Apollo has)."""
    assert send(app, body={"query": "{ nonsense }"}).status == 400
    assert send(app, body={"query": "{ flow(limit: -1) { id } }"}).status == 200
    assert send(app, body=b"{").status == 400
    assert send(app, body=b"[" * 100_000).status == 400
    assert send(app, body=b"\xff").status == 400


def test_only_json_is_taken(app: Any) -> None:
    """A web page of another origin cannot send JSON without asking first, and is not allowed."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = send(app, body=HELLO, headers={"content-type": kind})
        assert answer.status == 415
    asked = send(app, method="OPTIONS", body=b"", headers={"origin": "https://example.com"})
    assert asked.status == 405
    assert not any(name.startswith("access-control") for name in asked.headers)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:4200", "[::1]:4200"])
def test_names_of_this_machine_are_answered(app: Any, host: str) -> None:
    """However the client calls it."""
    assert send(app, body=HELLO, headers={"host": host}).status == 200


@pytest.mark.parametrize("host", ["example.com", "localhost.example.com:4200", "10.0.0.1", ""])
def test_other_names_are_not_answered(app: Any, host: str) -> None:
    """Without a key, a web page cannot reach us under a name that it makes lead here."""
    assert send(app, body=HELLO, headers={"host": host}).status == 403
    assert send(app, "GET", "/", headers={"host": host}).status == 403


def test_a_key_is_demanded(locked: Any) -> None:
    """With a key, requests carry it, whatever name they were sent to; health needs none."""
    basic = base64.b64encode("anyone:sésame".encode()).decode()
    right = ("Bearer sésame", "bearer sésame", f"Basic {basic}")
    wrong = ("", "Bearer", "Bearer sesame", "sésame", "Basic sésame", "Basic !", "Digest sésame")
    for given, status in [(each, 200) for each in right] + [(each, 401) for each in wrong]:
        headers = {"authorization": given, "host": "example.com"}
        answer = send(locked, body=HELLO, headers=headers)
        assert answer.status == status, given
    assert send(locked, "GET", "/").status == 401
    assert send(locked, "GET", "/health", headers={"host": "example.com"}).status == 200


def test_the_legacy_client_is_told_in_its_own_way(locked: Any) -> None:
    """It raises its AuthorizationError for a response with status 200 only."""
    answer = send(locked, body=HELLO, headers={"x-prefect-core-version": "1.4.1"})
    assert answer.status == 200
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert "data" not in answer.json()


def test_the_size_of_a_request_is_bounded(store: Any) -> None:
    """Whether the size is declared or not."""
    app = create_app(store, max_request_bytes=1000)
    body = json.dumps({"query": "{ hello }", "variables": {"x": "y" * 1000}}).encode()
    assert send(app, body=body, headers={"content-length": str(len(body))}).status == 413
    assert send(app, body=body, chunk=100).status == 413
    assert send(app, body=HELLO, chunk=3).status == 200


def test_a_locked_database_is_worth_another_try(
    store: Any, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prefect 1.4.1 sends a request again when it sees `API_ERROR`; details are not told."""

    def locked_database(*args: Any, **kwargs: Any) -> None:
        raise StoreUnavailable("the run store cannot be used: /secret/path is locked")

    monkeypatch.setattr(type(store), "create_project", locked_database)
    mutation = 'mutation { create_project(input: {name: "p"}) { id } }'
    (entry,) = send(app, body={"query": mutation}).json()["errors"]
    assert entry["extensions"]["code"] == "API_ERROR"
    assert "secret" not in str(entry)


def test_the_page_shows_runs(store: Any, app: Any) -> None:
    """Plain HTML without scripts, and what people wrote is not taken for HTML."""
    assert b"There are none yet." in send(app, "GET", "/").body
    project = store.create_project("<i>project")
    flow = store.register_flow(project.id, {"name": "<script>alert(1)</script>", "tasks": []})
    store.create_flow_run(flow.id, name="a & b")
    answer = send(app, "GET", "/")
    text = answer.body.decode()
    assert answer.status == 200
    assert "1 Scheduled" in text
    assert "a &amp; b" in text
    assert "&lt;script&gt;" in text and "<script" not in text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_health(app: Any) -> None:
    """Says that it is there."""
    assert send(app, "GET", "/health").json()["status"] == "ok"
