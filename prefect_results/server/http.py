"""The API over HTTP: who may ask, how large a request may be, and what a response looks like.

What belongs here: headers, status codes, the Starlette application. What does not: GraphQL
(`execution`), the page (`page`) and the process (`running`). Who may send requests may register
flows, and an agent executes those, so:

- without a key, only names of this machine are accepted as `Host`, so that a web page cannot reach
  the server under a name of its own (DNS rebinding);
- a request must be `application/json`, which a web page of another origin cannot send without being
  allowed to, and nobody is allowed to.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from prefect_results import __version__
from prefect_results.backend.store.sql.store import SqlRunStore
from prefect_results.server.errors import entry
from prefect_results.server.execution import Reply, execute
from prefect_results.server.operations import Caller
from prefect_results.server.page import page

MAX_REQUEST_BYTES = 32 * 1024 * 1024
LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})


def create_app(
    store: SqlRunStore, *, key: str | None = None, max_request_bytes: int = MAX_REQUEST_BYTES
) -> Starlette:
    """Return the ASGI application that serves a store.

    Args:
        store: The run store.
        key: What requests must carry as `Authorization: Bearer KEY` (a browser may send it as the
            password of basic authentication); without one, anyone on this machine may ask.
        max_request_bytes: How large the body of a request may be.
    """
    handlers = _Handlers(store, max_request_bytes)
    app = Starlette(
        routes=[
            Route("/", handlers.page, methods=["GET"]),
            Route("/", handlers.graphql, methods=["POST"]),
            Route("/graphql", handlers.graphql, methods=["POST"]),
            Route("/graphql/", handlers.graphql, methods=["POST"]),
            Route("/health", handlers.health, methods=["GET"]),
        ]
    )
    app.add_middleware(_Gate, key=key)
    return app


class _Gate:
    """Lets in who may ask."""

    def __init__(self, app: ASGIApp, key: str | None) -> None:
        self._app = app
        self._key = None if key is None else key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            refusal = self._refusal(Request(scope))
            if refusal is not None:
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _refusal(self, request: Request) -> Response | None:
        if self._key is None:
            if _host_name(request.headers.get("host", "")) in LOCAL_NAMES:
                return None
            told = entry("This server answers to names of this machine only.", "FORBIDDEN")
            return JSONResponse({"errors": [told]}, status_code=403)
        if request.url.path == "/health" or self._has_key(request):
            return None
        told = entry("UNAUTHENTICATED: a valid key is needed.", "UNAUTHENTICATED")
        # Prefect 1.4.1 raises its AuthorizationError only for a response without an error status.
        legacy = request.method == "POST" and "x-prefect-core-version" in request.headers
        return JSONResponse(
            {"errors": [told]},
            status_code=200 if legacy else 401,
            headers={"WWW-Authenticate": 'Basic realm="prefect_results"'},
        )

    def _has_key(self, request: Request) -> bool:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        offered = given.strip().encode("latin-1")  # the bytes that were sent
        if scheme.lower() == "basic":
            try:
                offered = base64.b64decode(offered, validate=True).partition(b":")[2]
            except binascii.Error:
                return False
        elif scheme.lower() != "bearer":
            return False
        return hmac.compare_digest(offered, self._key or b"")


def _host_name(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name.lower() if colon and port.isdigit() else host.lower()


class _TooLarge(Exception):
    pass


class _Handlers:
    def __init__(self, store: SqlRunStore, max_request_bytes: int) -> None:
        self._store = store
        self._most = max_request_bytes

    async def health(self, request: Request) -> Response:
        return JSONResponse({"status": "ok", "version": __version__})

    async def page(self, request: Request) -> Response:
        html = await run_in_threadpool(page, self._store)
        return HTMLResponse(
            html,
            headers={
                "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
                "X-Content-Type-Options": "nosniff",
                "Cache-Control": "no-store",
            },
        )

    async def graphql(self, request: Request) -> Response:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            return _refused("Send the request as application/json.", 415)
        try:
            body = await self._body(request)
        except _TooLarge:
            return _refused(f"A request may have {self._most} bytes at most.", 413)
        headers = request.headers
        caller = Caller(
            self._store,
            core_version=headers.get("x-prefect-core-version"),
            agent_id=headers.get("x-prefect-agent-id"),
        )
        return await run_in_threadpool(_answered, body, caller)

    async def _body(self, request: Request) -> bytes:
        declared = request.headers.get("content-length", "0")
        if declared.isdigit() and int(declared) > self._most:
            raise _TooLarge
        parts, size = [], 0
        async for part in request.stream():
            size += len(part)
            if size > self._most:
                raise _TooLarge
            parts.append(part)
        return b"".join(parts)


def _answered(body: bytes, caller: Caller) -> Response:
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        return _refused("The body of the request is not JSON.", 400)
    reply = execute(payload, caller)
    return Response(encoded(reply.body), status_code=_status(reply), media_type="application/json")


def _status(reply: Reply) -> int:
    return 200 if reply.valid else 400


def encoded(body: Any) -> bytes:
    """Return the JSON of a response; NaN in a document stays NaN, as Python's clients read it."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode(
        "utf-8", "backslashreplace"
    )


def _refused(message: str, status: int) -> Response:
    return JSONResponse({"errors": [entry(message, "BAD_REQUEST")]}, status_code=status)
