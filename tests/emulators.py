"""Servers that speak the protocols of cloud storage, on free loopback ports.

`python -m tests.emulators s3|gcs PORT` is the process of one. Belongs here: starting them, and
what they lack in front of them. What is stored in them belongs to the tests.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: Where `.ci/run`, and whoever wants these tests, installs Azurite: `npm install --prefix`.
NPM = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "prefect-results" / "npm"
#: The account that every Azurite has; published by its makers.
AZURE_ACCOUNT = "devstoreaccount1"
AZURE_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)
S3_KEYS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}


class ServerUnavailable(Exception):
    """A server can't be started here; the message says why."""


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def process(command: list[str], port: int, log: Path, **options: Any) -> Iterator[int]:
    """A server's process, from when it accepts connections on; yields its port."""
    with log.open("wb") as out:
        server = subprocess.Popen(
            command, stdout=out, stderr=subprocess.STDOUT, start_new_session=True, **options
        )
    try:
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            if server.poll() is not None or time.monotonic() > deadline:
                raise ServerUnavailable(f"{command[0]}: {log.read_text()[-400:]}")
            time.sleep(0.05)
        yield port
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait(10)


@contextlib.contextmanager
def s3_server(folder: Path) -> Iterator[str]:
    """moto's S3; yields its URL."""
    with _python_server("s3", folder) as url:
        yield url


@contextlib.contextmanager
def gcs_server(folder: Path) -> Iterator[str]:
    """The emulator of GCS, with conditions on generations; yields its URL."""
    with _python_server("gcs", folder) as url:
        yield url


@contextlib.contextmanager
def azure_server(folder: Path) -> Iterator[str]:
    """Azurite's blob service; yields its connection string."""
    program = shutil.which("azurite-blob") or str(NPM / "node_modules" / ".bin" / "azurite-blob")
    if not os.path.exists(program) or shutil.which("node") is None:
        raise ServerUnavailable(f"no Azurite; `npm install --prefix {NPM} azurite` brings it")
    port = free_port()
    command = [
        program, "--skipApiVersionCheck", "--silent", "--blobPort", str(port),
        "--location", str(folder / "azurite"), "--disableTelemetry",
    ]  # fmt: skip
    with process(command, port, folder / "azurite.log"):
        yield azure_connection_string(f"http://127.0.0.1:{port}")


def azure_connection_string(url: str) -> str:
    """How to connect to an Azurite at a URL."""
    return (
        f"DefaultEndpointsProtocol=http;AccountName={AZURE_ACCOUNT};AccountKey={AZURE_KEY};"
        f"BlobEndpoint={url}/{AZURE_ACCOUNT};"
    )


@contextlib.contextmanager
def sftp_server(folder: Path) -> Iterator[dict[str, Any]]:
    """OpenSSH's sshd for this user; yields the options of fsspec's sftp filesystem."""
    sshd, keygen = shutil.which("sshd") or "/usr/sbin/sshd", shutil.which("ssh-keygen")
    if not os.path.exists(sshd) or keygen is None:
        raise ServerUnavailable("no sshd; the Debian package openssh-server brings it")
    import getpass

    for name in ("host", "user"):
        command = [keygen, "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(command, check=True)
    shutil.copy(folder / "user.pub", folder / "authorized")
    port = free_port()
    (folder / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nPidFile none\n"
        f"AuthorizedKeysFile {folder}/authorized\nPasswordAuthentication no\nUsePAM no\n"
        "StrictModes no\nMaxStartups 200\n"
        "PermitRootLogin prohibit-password\nSubsystem sftp internal-sftp\n"
    )
    if os.getuid() == 0:
        os.makedirs("/run/sshd", exist_ok=True)
    command = [sshd, "-D", "-e", "-f", str(folder / "sshd_config")]
    with process(command, port, folder / "sshd.log"):
        yield {
            "host": "127.0.0.1",
            "port": port,
            "username": getpass.getuser(),
            "key_filename": str(folder / "user"),
            "allow_agent": False,
            "look_for_keys": False,
        }


@contextlib.contextmanager
def _python_server(kind: str, folder: Path) -> Iterator[str]:
    needed = {"s3": "moto", "gcs": "gcp_storage_emulator"}[kind]
    from importlib.util import find_spec

    if find_spec(needed) is None:
        raise ServerUnavailable(f"no {needed}; the extra `test` brings it")
    port = free_port()
    command = [sys.executable, "-W", "ignore", "-m", "tests.emulators", kind, str(port)]
    root = Path(__file__).parent.parent
    with process(command, port, folder / f"{kind}.log", cwd=root):
        yield f"http://127.0.0.1:{port}"


def _serve_s3(port: int) -> None:
    import logging
    import threading

    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import run_simple

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    moto = DomainDispatcherApplication(create_backend_app)
    lock = threading.Lock()

    def application(environ: Any, start_response: Any) -> Any:
        if environ["REQUEST_METHOD"] != "PUT":
            return moto(environ, start_response)
        # moto looks whether there is an object, and stores one, in two steps.
        with lock:
            return moto(environ, start_response)

    os.environ.setdefault("MOTO_ALLOW_NONEXISTENT_REGION", "true")
    run_simple("127.0.0.1", port, application, threaded=True)


def _serve_gcs(port: int) -> None:
    import logging
    from functools import partial
    from http.server import HTTPServer
    from urllib.parse import parse_qs, urlparse

    from gcp_storage_emulator.server import RequestHandler
    from gcp_storage_emulator.storage import Storage

    logging.disable(logging.ERROR)

    class Refused(Exception):
        """The generation is not the one that was asked for."""

    class Checked(RequestHandler):  # type: ignore[misc]
        """Refuses to store, or to read, what has another generation than the request says."""

        def _checked(self, method: Any) -> None:
            query = parse_qs(urlparse(self.path).query)
            storage.wanted = query.get("ifGenerationMatch", [None])[0]
            try:
                method()
            except Refused:
                body = b'{"error": {"code": 412, "message": "Precondition Failed"}}'
                self.send_response(412)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def do_GET(self) -> None:
            self._checked(super().do_GET)

        def do_POST(self) -> None:
            self._checked(super().do_POST)

        def do_PUT(self) -> None:
            self._checked(super().do_PUT)

    class CheckedStorage(Storage):  # type: ignore[misc]
        wanted: str | None = None

        def _compare(self, bucket: str, name: str) -> None:
            if self.wanted is None:
                return
            try:
                found = self.get_file_obj(bucket, name)["generation"]
            except Exception:
                found = "0"
            if found != self.wanted:
                raise Refused

        def create_file(self, bucket: str, name: str, *args: Any) -> Any:
            self._compare(bucket, name)
            return super().create_file(bucket, name, *args)

        def get_file(self, bucket: str, name: str, *args: Any, **options: Any) -> Any:
            self._compare(bucket, name)
            return super().get_file(bucket, name, *args, **options)

    storage = CheckedStorage(use_memory_fs=True)
    HTTPServer(("127.0.0.1", port), partial(Checked, storage)).serve_forever()


if __name__ == "__main__":
    {"s3": _serve_s3, "gcs": _serve_gcs}[sys.argv[1]](int(sys.argv[2]))
