"""The server as a process, and where it may listen."""

from __future__ import annotations

import json
import os
import socket
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from prefect_results.exceptions import ConfigurationError, StoreUnavailable
from prefect_results.server import ServerProcess, check_exposure, serve


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_this_machine_needs_no_key(host: str) -> None:
    """Loopback addresses are this machine's own."""
    check_exposure(host, None)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.com", "", "127.evil.com"])
def test_others_need_a_key(host: str) -> None:
    """Nothing is served beyond this machine without a key, an empty one included."""
    for key in (None, ""):
        with pytest.raises(ConfigurationError, match="give it a key"):
            serve(host, 0, key=key)
    check_exposure(host, "key")


@pytest.mark.parametrize("key", ["sésame", "a\nb", " sesame"])
def test_a_key_must_be_one_that_clients_can_send(key: str) -> None:
    """Headers carry ASCII; it is said at the start, not by refusing everybody."""
    with pytest.raises(ConfigurationError, match="can be sent by no client") as info:
        serve("127.0.0.1", 0, key=key)
    assert key not in str(info.value)


def _ask(url: str, key: str | None = None) -> Any:
    headers = {"content-type": "application/json"}
    if key:
        headers["authorization"] = f"Bearer {key}"
    request = urllib.request.Request(
        f"{url}/graphql", json.dumps({"query": "{ hello }"}).encode(), headers
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=60) as answer:
        return json.load(answer)


def test_a_process_of_its_own(tmp_path: Path) -> None:
    """It answers as soon as it is there, on a free port, with its key, and is gone after it."""
    with ServerProcess(tmp_path / "store.db", key="k") as server:
        assert _ask(server.url, "k") == {"data": {"hello": "👋"}}
        with pytest.raises(urllib.error.HTTPError) as caught:
            _ask(server.url)
        assert caught.value.code == 401
        caught.value.close()
        pid = server.pid
        assert "k" not in Path(f"/proc/{pid}/cmdline").read_text().split("\0")[4:]
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_process_that_cannot_start_says_why() -> None:
    """The words are those of the process."""
    with pytest.raises(StoreUnavailable, match="cannot be opened from a URL"):
        ServerProcess("mysql://nowhere")


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    """The error names the address, and no store is made."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"port {port}"):
            serve(port=port, db=tmp_path / "store.db")
    assert not (tmp_path / "store.db").exists()
