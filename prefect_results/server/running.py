"""The server as a process: `serve` in this one, `ServerProcess` in one of its own.

What belongs here: addresses, ports, starting and stopping. What does not: the application (`http`).
"""

from __future__ import annotations

import contextlib
import gc
import ipaddress
import json
import os
import socket
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

from prefect_results.backend.scheduling import following_schedules
from prefect_results.backend.store import open_store
from prefect_results.exceptions import ConfigurationError, MissingExtra, StoreUnavailable

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 4200
KEY_VARIABLE = "PREFECT_RESULTS_SERVER_KEY"
"""Environment variable that holds the key; an argument would be seen in lists of processes."""


def serve(
    host: str = DEFAULT_HOST,
    port: int = DEFAULT_PORT,
    *,
    db: str | os.PathLike[str] | None = None,
    key: str | None = None,
    log_level: str = "warning",
    announce: bool = True,
    fd: int | None = None,
) -> None:
    """Serve the API until the process is told to stop (SIGINT or SIGTERM).

    Flows whose schedules are active get their runs meanwhile.

    Args:
        host: Address to listen on, by default this machine's own.
        port: Port to listen on; 0 takes a free one.
        db: The run store as `open_store` takes it; by default the configured one.
        key: What requests must carry as `Authorization: Bearer KEY`.
        log_level: Of uvicorn.
        announce: Whether to print the URL once the port is taken.
        fd: A socket that listens already, in place of `host` and `port`.

    Raises:
        ConfigurationError: It would listen beyond this machine without a key, or the address or
            port cannot be had.
        MissingExtra: The extra `server` is not installed.
    """
    check_exposure(host, key)
    try:
        import uvicorn

        from prefect_results.server.http import create_app
    except ImportError as exc:
        raise MissingExtra(package=exc.name or "starlette", extra="server") from exc
    with _listener(host, port) if fd is None else socket.socket(fileno=fd) as listener:
        store: Any = open_store(db)
        if announce:
            print(f"Serving {url_of(listener)}", flush=True)
        config = uvicorn.Config(
            create_app(store, key=key), log_level=log_level, access_log=False, lifespan="off"
        )
        # A large response is many small objects without cycles; looking for some slows it down.
        gc.freeze()
        gc.set_threshold(50_000, 20, 20)
        try:
            with following_schedules(store):
                uvicorn.Server(config).run(sockets=[listener])
        finally:
            store.close()


def check_exposure(host: str, key: str | None) -> None:
    """Refuse to listen beyond this machine without a key, or with a key that nobody can send.

    Raises:
        ConfigurationError: `host` is not a loopback address and `key` is empty; or `key` has
            characters that a header of a request does not carry unchanged.
    """
    if key and not (key.isascii() and key.isprintable() and key == key.strip()):
        raise ConfigurationError(
            "the server's key can be sent by no client: it is a header of requests, so it takes "
            f"printable ASCII characters without spaces around them (--key, or {KEY_VARIABLE})"
        )
    if not key and not _is_loopback(host):
        raise ConfigurationError(
            f"the server would listen on {host!r}, beyond this machine, and who can reach it can "
            f"run code through its agents: give it a key (--key, or {KEY_VARIABLE})"
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except OSError as exc:
        listener.close()
        raise ConfigurationError(f"cannot listen on {host} port {port}: {exc.strerror}") from exc
    return listener


def url_of(listener: socket.socket) -> str:
    """Return the URL of a socket that listens."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _environment(key: str | None) -> dict[str, str]:
    """Return the environment of a process that shall import the package from where we did."""
    found = {name: value for name, value in os.environ.items() if name != KEY_VARIABLE}
    home = str(Path(__file__).parents[2])
    found["PYTHONPATH"] = os.pathsep.join(filter(None, [home, found.get("PYTHONPATH")]))
    return {**found, KEY_VARIABLE: key} if key else found


class ServerProcess:
    """A server in a process of its own, on a free port; a context manager that stops it.

    Args:
        db: The run store, as `serve` takes it.
        key: As `serve` takes it.
        host: As `serve` takes it.
        timeout: Seconds to wait until it answers.
    """

    def __init__(
        self,
        db: str | os.PathLike[str] | None = None,
        *,
        key: str | None = None,
        host: str = DEFAULT_HOST,
        timeout: float = 60.0,
    ) -> None:
        self._timeout = timeout
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as we do
        check_exposure(host, key)
        with _listener(host, 0) as listener:
            self.url = url_of(listener)
            options = {
                "fd": listener.fileno(),
                "host": host,
                "db": None if db is None else os.fspath(db),
                "announce": False,
            }
            self._process = subprocess.Popen(
                [sys.executable, "-m", "prefect_results.server", json.dumps(options)],
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                env=_environment(key),
                pass_fds=[listener.fileno()],
            )
        try:
            self._await_health()
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    def log(self) -> str:
        """Return what the process wrote so far."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def _await_health(self) -> None:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        # The socket listens already: the request waits, or fails when the process ends.
        try:
            with opener.open(f"{self.url}/health", timeout=self._timeout) as answer:
                answer.read()
        except OSError as exc:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(10)  # its last words come after it closed the socket
            told = self.log().strip()[-2000:]
            raise StoreUnavailable(f"the server did not start: {told or exc}") from exc

    def stop(self) -> None:
        """Stop the process, and wait until it is gone."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._log.close()

    def __enter__(self) -> ServerProcess:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
