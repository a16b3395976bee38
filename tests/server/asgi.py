"""Requests to an ASGI application without a socket."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import attrs


@attrs.frozen
class Answer:
    """A response."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


def send(
    app: Any,
    method: str = "POST",
    path: str = "/graphql",
    body: Any = None,
    headers: dict[str, str] | None = None,
    chunk: int = 1 << 20,
) -> Answer:
    """Send one request; a body that is no bytes is sent as JSON, in chunks of some bytes."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {"host": "localhost:4200", "content-type": "application/json", **(headers or {})}
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "scheme": "http",
        "server": ("127.0.0.1", 4200),
        "headers": [(k.lower().encode(), v.encode()) for k, v in given.items()],
    }
    parts = [raw[i : i + chunk] for i in range(0, len(raw), chunk)] or [b""]
    told: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if not parts:
            return {"type": "http.disconnect"}
        part = parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(parts)}

    async def note(message: dict[str, Any]) -> None:
        told.append(message)

    asyncio.run(app(scope, receive, note))
    start = next(message for message in told if message["type"] == "http.response.start")
    return Answer(
        start["status"],
        {k.decode().lower(): v.decode() for k, v in start["headers"]},
        b"".join(m.get("body", b"") for m in told if m["type"] == "http.response.body"),
    )
