"""HTTP to one server: connections that are kept, and requests that are tried again.

What belongs here: requests and responses as bytes. What does not: GraphQL (`base`). The standard
library suffices: an API is asked from few places, one request after another.
"""

from __future__ import annotations

import http.client
import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from prefect_results.exceptions import ApiUnavailable, ConfigurationError

TRIES = 7
_PASSING = frozenset((500, 502, 503, 504))

sleep: Callable[[float], None] = time.sleep


class Response(NamedTuple):
    """What a server answered."""

    status: int
    body: bytes


class Transport:
    """Sends requests to one server; may be used by many threads.

    Args:
        url: `http://HOST:PORT` or `https://...`, with a path if there is one.
        timeout: Seconds to wait for an answer.
        tries: How often a request is sent when the server cannot be reached, or answers that it
            cannot work at the moment.

    Raises:
        ConfigurationError: The URL is not one of HTTP.
    """

    def __init__(self, url: str, timeout: float = 15.0, tries: int = TRIES) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigurationError(f"expected the URL of an API, http://HOST:PORT, got {url!r}")
        self.url = url
        self._secure = parts.scheme == "https"
        self._host = parts.hostname
        self._port = parts.port
        self._path = parts.path
        self._timeout = timeout
        self._tries = tries
        self._reset()

    def _reset(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._idle: list[http.client.HTTPConnection] = []

    def send(
        self,
        method: str,
        path: str = "",
        *,
        body: bytes | None = None,
        query: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Send a request and return the answer, whatever its status.

        Args:
            method: `GET`, `POST` or `DELETE`.
            path: Below the URL.
            body: What is sent.
            query: What is added to the URL.
            headers: What is sent beside.

        Raises:
            ApiUnavailable: The server cannot be reached or does not answer.
        """
        target = self._path.rstrip("/") + ("/" + path.lstrip("/") if path else "") or "/"
        if query:
            target += "?" + urlencode(query)
        problem: Exception | None = None
        for attempt in range(self._tries):
            if attempt:
                sleep(min(0.25 * 2 ** (attempt - 1), 8.0))
            try:
                answer = self._exchange(method, target, body, dict(headers or {}))
            except (OSError, http.client.HTTPException) as exc:
                problem = exc
                continue
            if answer.status not in _PASSING:
                return answer
            problem = None
        if problem is None:
            return answer
        raise ApiUnavailable(
            f"The API at {self.url} cannot be reached: {problem or type(problem).__name__}. "
            "`prefect-results server start` starts one on this machine."
        ) from problem

    def _exchange(
        self, method: str, target: str, body: bytes | None, headers: dict[str, str]
    ) -> Response:
        connection, used = self._taken()
        try:
            return self._exchanged(connection, method, target, body, headers)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            connection.close()
            if not used:
                raise
        except BaseException:
            connection.close()
            raise
        # The server had closed a connection that was kept.
        connection = self._new()
        try:
            return self._exchanged(connection, method, target, body, headers)
        except BaseException:
            connection.close()
            raise

    def _exchanged(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        target: str,
        body: bytes | None,
        headers: dict[str, str],
    ) -> Response:
        connection.request(method, target, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        if answer.will_close:
            connection.close()
        else:
            with self._lock:
                self._idle.append(connection)
        return Response(answer.status, content)

    def _taken(self) -> tuple[http.client.HTTPConnection, bool]:
        if self._pid != os.getpid():
            # Connections of the parent process belong to it.
            self._reset()
        with self._lock:
            if self._idle:
                return self._idle.pop(), True
        return self._new(), False

    def _new(self) -> http.client.HTTPConnection:
        make = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        return make(self._host, self._port, timeout=self._timeout)

    def close(self) -> None:
        """Close the connections that are kept."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def __del__(self) -> None:
        for connection in getattr(self, "_idle", ()):
            connection.close()
