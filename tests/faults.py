"""A proxy on a loopback port that breaks some of the HTTP requests that pass through it.

Belongs here: what goes wrong between a client and a server. Which requests, says a random number
generator of a fixed seed. What a client makes of it belongs to the tests and benchmarks.
"""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import threading
import time
from collections import Counter
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KINDS = ("reset", "500", "503", "slow", "truncated", "lost answer")


class Faults:
    """A proxy in front of a server.

    Args:
        url: of the server, `http://127.0.0.1:PORT`.
        share: of the requests that are broken, 0 to 1.
        seed: of the choice.
        kinds: what can happen; all of `KINDS` by default.
    """

    def __init__(
        self, url: str, share: float = 0.1, seed: int = 0, kinds: tuple[str, ...] = KINDS
    ) -> None:
        host, _, port = url.removeprefix("http://").partition(":")
        self.server = (host, int(port))
        self.share = share
        self.kinds = kinds
        self.happened: Counter[str] = Counter()
        self.requests = 0
        self._random = random.Random(seed)
        self._lock = threading.Lock()

        class Handler(_Handler):
            faults = self

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def choose(self) -> str | None:
        """What happens to the next request, None if nothing does."""
        with self._lock:
            self.requests += 1
            if self._random.random() >= self.share:
                return None
            kind = self._random.choice(self.kinds)
            self.happened[kind] += 1
            return kind

    def __enter__(self) -> Faults:
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body are two packets; waiting for the first one to be acknowledged costs 40 ms.
    disable_nagle_algorithm = True
    faults: Faults

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            super().handle()

    def log_message(self, *args: Any) -> None:
        """Say nothing."""

    def _pass(self) -> None:
        kind = self.faults.choose()
        body = self._body()
        if kind == "reset":
            return self._reset()
        if kind in ("500", "503"):
            return self._answer(int(kind), [], b"<Error><Code>InternalError</Code></Error>")
        answer, data = self._ask(body)
        headers = [
            (name, text)
            for name, text in answer.getheaders()
            if name.lower() not in ("connection", "transfer-encoding", "content-length", "date")
        ]
        if kind == "lost answer":
            return self._reset()
        if kind == "slow":
            time.sleep(0.02)
        length = answer.getheader("Content-Length")
        if self.command == "HEAD" and length is not None:
            headers.append(("Content-Length", length))
        if kind == "truncated" and data:
            self._answer(answer.status, headers, data, len(data) // 2)
            return self._reset()
        self._answer(answer.status, headers, data)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do_PATCH = _pass

    def _body(self) -> bytes:
        if self.headers.get("Expect", "").lower() == "100-continue":
            pass
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _ask(self, body: bytes) -> tuple[HTTPResponse, bytes]:
        connection = HTTPConnection(*self.faults.server, timeout=60)
        headers = {
            name: text
            for name, text in self.headers.items()
            if name.lower() not in ("connection", "transfer-encoding", "expect", "content-length")
        }
        connection.request(self.command, self.path, body or None, {
            **headers, "Content-Length": str(len(body)), "Connection": "close",
        })  # fmt: skip
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer, data

    def _answer(
        self, status: int, headers: list[tuple[str, str]], data: bytes, sent: int | None = None
    ) -> None:
        self.send_response(status)
        for name, text in headers:
            self.send_header(name, text)
        if self.command != "HEAD":
            self.send_header("Content-Length", str(len(data)))
        elif not any(name == "Content-Length" for name, _ in headers):
            self.send_header("Content-Length", "0")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data[:sent])

    def _reset(self) -> None:
        """Drop the connection, so that the client's system says that it was reset."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()
