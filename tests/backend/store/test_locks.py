"""SQLite's locks belong to a process: what a process does with the file must not lose them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from prefect_results.backend.store import open_store
from prefect_results.backend.store.opening import sqlite_url

_LOOK = (
    "import sys; from prefect_results.backend.store import open_store; "
    "store = open_store(sys.argv[1]); print(*store.list_keys()); store.close()"
)


def keys_seen(url: str) -> list[str]:
    """Return the keys that another process sees; it closes the store like a last user would."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", _LOOK, url], capture_output=True, text=True, check=True, env=env
    )
    return done.stdout.split()


def test_opening_again_keeps_locks(tmp_path: Path) -> None:
    """A process that opens a store twice goes on being seen by others, which come and go."""
    url = sqlite_url(tmp_path / "runs.db")
    store = open_store(url)
    store.set_key_value("first", 1)
    again = open_store(url)
    assert keys_seen(url) == ["first"]
    store.set_key_value("second", 2)
    assert keys_seen(url) == ["first", "second"]
    for one in (store, again):
        one.close()


def test_forks_take_locks_of_their_own(tmp_path: Path) -> None:
    """A forked child's transactions last, whatever its parent had open and closes meanwhile."""
    url = sqlite_url(tmp_path / "runs.db")
    store = open_store(url)
    store.set_key_value("parent", 1)
    ready, go = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            store.set_key_value("child", 1)
            os.write(ready[1], b".")
            os.read(go[0], 1)
            store.set_key_value("late", 1)
            code = 0
        finally:
            os._exit(code)
    os.read(ready[0], 1)
    store.close()
    assert keys_seen(url) == ["child", "parent"]
    os.write(go[1], b".")
    assert os.waitpid(child, 0)[1] == 0
    assert keys_seen(url) == ["child", "late", "parent"]
    for end in (*ready, *go):
        os.close(end)
