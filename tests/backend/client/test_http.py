"""HTTP to an API: connections that are kept, requests that are tried again, errors."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from prefect_results.backend.client import Client, base, http
from prefect_results.exceptions import (
    ApiUnavailable,
    AuthorizationError,
    ClientError,
    ConfigurationError,
    VersionLockMismatchSignal,
)


class Handler(BaseHTTPRequestHandler):
    """Answers what the test says, and notes what it was asked."""

    protocol_version = "HTTP/1.1"
    answers: ClassVar[list[tuple[int, Any]]] = []
    seen: ClassVar[list[tuple[str, dict[str, str], Any]]] = []
    connections: ClassVar[set[Any]] = set()

    def do_POST(self) -> None:
        """Answer."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        Handler.seen.append((self.path, dict(self.headers), json.loads(body) if body else None))
        Handler.connections.add(self.client_address)
        status, answer = Handler.answers.pop(0)
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server on this machine; nothing waits between two tries."""
    Handler.answers, Handler.seen, Handler.connections = [], [], set()  # type: ignore[misc]
    monkeypatch.setattr(http, "sleep", lambda seconds: None)
    monkeypatch.setattr(base, "sleep", lambda seconds: None)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    """A client of it."""
    made = Client(url, api_key="secret")
    yield made
    made.close()


def test_query(client: Client) -> None:
    """A query is posted as 1.4.1 does: its variables as JSON text, the key as a header."""
    Handler.answers.append((200, {"data": {"hello": "you"}}))
    client.attach_headers({"X-PREFECT-AGENT-ID": "a"})
    result = client.graphql({"query": {"hello"}}, variables={"x": 1})
    assert result.data.hello == "you"
    path, headers, body = Handler.seen[0]
    assert path == "/"
    assert body == {"query": "query {\n    hello\n}", "variables": '{"x": 1}'}
    assert headers["Authorization"] == "Bearer secret"
    assert headers["X-PREFECT-AGENT-ID"] == "a"
    assert headers["Content-Type"] == "application/json"


def test_connection_is_kept(client: Client) -> None:
    """Requests after each other share a connection."""
    Handler.answers += [(200, {"data": {}})] * 3
    for _ in range(3):
        client.graphql("query { hello }")
    assert len(Handler.connections) == 1


def test_passing_trouble(client: Client) -> None:
    """A server that cannot work at the moment is asked again."""
    Handler.answers += [(503, b"busy"), (500, b""), (200, {"data": {"hello": 1}})]
    assert client.graphql("query { hello }").data.hello == 1


def test_api_errors_are_tried_again(client: Client) -> None:
    """An answer that names API_ERROR is asked for again, unless that is not wanted."""
    trouble = (200, {"errors": [{"message": "API_ERROR"}]})
    Handler.answers += [trouble, trouble, (200, {"data": {"hello": 1}})]
    assert client.graphql("query { hello }").data.hello == 1
    Handler.answers += [trouble]
    with pytest.raises(ClientError, match="API_ERROR"):
        client.graphql("query { hello }", retry_on_api_error=False)


@pytest.mark.parametrize(
    ("errors", "kind"),
    [
        ([{"message": "no"}], ClientError),
        ([{"message": "UNAUTHENTICATED"}], AuthorizationError),
        ([{"message": "x", "extensions": {"code": "VERSION_LOCKING_ERROR"}}],
         VersionLockMismatchSignal),
    ],
)  # fmt: skip
def test_errors(client: Client, errors: Any, kind: type[BaseException]) -> None:
    """Errors in an answer are raised, each as its kind; or returned, if that is asked for."""
    Handler.answers += [(200, {"errors": errors})] * 2
    with pytest.raises(kind):
        client.graphql("query { hello }")
    assert client.graphql("query { hello }", raise_on_error=False).errors[0].message


def test_refused_query_is_explained(client: Client) -> None:
    """A query that the API cannot read is told with the API's words."""
    Handler.answers.append((400, {"errors": [{"message": "Syntax Error"}]}))
    with pytest.raises(ClientError, match=r"(?s)status 400.*UNKNOWN_ERROR: Syntax Error.*hello"):
        client.graphql("query { hello ")


def test_key_is_refused(client: Client) -> None:
    """A status of 401 is an AuthorizationError."""
    Handler.answers.append((401, {"errors": []}))
    with pytest.raises(AuthorizationError):
        client.graphql("query { hello }")


def test_no_json(client: Client) -> None:
    """An answer that is not JSON is a ClientError with the words of 1.4.1."""
    Handler.answers.append((200, b"<html>"))
    with pytest.raises(ClientError, match="Malformed response received from API"):
        client.graphql("query { hello }")


def test_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """An API that is not there is told as such, after several tries; also a ConnectionError."""
    naps: list[float] = []
    monkeypatch.setattr(http, "sleep", naps.append)
    with pytest.raises(ApiUnavailable, match="prefect-results server start") as info:
        Client("http://127.0.0.1:9").graphql("query { hello }")
    assert isinstance(info.value, ConnectionError)
    assert len(naps) == http.TRIES - 1


def test_get(client: Client) -> None:
    """A GET request has its parameters in the URL."""
    Handler.answers.append((200, {"ok": True}))
    assert client.get("health", params={"a": 1}) == {"ok": True}
    assert Handler.seen[0][0] == "/health?a=1"


def test_url_must_be_one_of_http() -> None:
    """Another URL is refused at the first request."""
    with pytest.raises(ConfigurationError, match="expected the URL of an API"):
        Client("ftp://x").graphql("query { hello }")


def test_tenant_id_is_checked(url: str) -> None:
    """A tenant id that is no UUID is refused, in the words of 1.4.1."""
    with pytest.raises(ValueError, match=r"The `tenant_id` must be a valid UUID. Got 'x'"):
        Client(url, tenant_id="x")
