"""Which store a URL means."""

from __future__ import annotations

import builtins
import errno
import gc
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from prefect_results.backend.store import default_url, open_store
from prefect_results.configuration import config
from prefect_results.exceptions import ConfigurationError, MissingExtra, StoreUnavailable


def test_default_is_a_file_in_the_home_folder(home_dir: Path) -> None:
    """Without a URL the store lies in the home folder and is made when it is first opened."""
    assert default_url() == f"sqlite:///{home_dir}/prefect_results.db"
    assert not home_dir.exists()
    store = open_store()
    assert store.list_projects() == []
    assert store.url == default_url()
    assert (home_dir / "prefect_results.db").exists()
    store.close()


def test_a_store_that_is_dropped_leaves_no_connection_open(tmp_path: Path) -> None:
    """Python 3.13 warns of each one that is; who forgot to close the store hears nothing."""
    store: Any = open_store(tmp_path / "runs.db")
    with store.database.read() as connection:
        raw = connection.connection.driver_connection
    del store, connection
    gc.collect()
    with pytest.raises(sqlite3.ProgrammingError, match="closed database"):
        raw.execute("SELECT 1")


def test_configuration_names_the_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The key `store.url` decides where the store is."""
    url = f"sqlite:///{tmp_path}/mine.db"
    monkeypatch.setitem(config, "store", {"url": url})
    assert default_url() == url


@pytest.mark.parametrize("url", ["mysql://x/y", "http://127.0.0.1:4200", "sqlite://", "sqlite:///"])
def test_other_urls_are_refused(url: str) -> None:
    """A URL that names no store is an error that says what was expected."""
    with pytest.raises(ConfigurationError, match=r"sqlite|memory"):
        open_store(url)


def test_unreachable_server_is_unavailable() -> None:
    """A server that does not answer is a typed error without the password."""
    pytest.importorskip("psycopg")
    with pytest.raises(StoreUnavailable) as caught:
        open_store("postgresql://someone:secret@127.0.0.1:1/nothing")
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is not None


def test_password_is_not_shown(store_url: str) -> None:
    """The repr of a store hides the password of its URL."""
    store = open_store(store_url)
    store.database.engine.url = store.database.engine.url.set(password="secret")  # type: ignore[attr-defined]
    assert "secret" not in repr(store)
    store.close()


def test_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without SQLAlchemy the error names the extra to install."""
    original = builtins.__import__

    def refuse(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("prefect_results.backend.store.sql"):
            raise ImportError("No module named 'sqlalchemy'", name="sqlalchemy")
        return original(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MissingExtra, match=r"prefect_results\[backend\]"):
        open_store(tmp_path / "store.db")


def test_package_does_not_import_the_store() -> None:
    """`import prefect_results` imports neither the store nor SQLAlchemy."""
    code = (
        "import sys, prefect_results\n"
        "print([m for m in sys.modules if m.startswith(('sqlalchemy', 'alembic', 'attr', "
        "'prefect_results.backend'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == "[]"


def test_a_file_that_cannot_be_made_names_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a read-only mount the error says which file, why, and what can be set."""

    def refused(path: str, flags: int, mode: int) -> int:
        raise OSError(errno.EROFS, "Read-only file system", path)

    path = tmp_path / "store.db"
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refused)
        with pytest.raises(StoreUnavailable) as error:
            open_store(path)
    message = str(error.value)
    assert f"{path} cannot be created: Read-only file system" in message
    assert "PREFECT__STORE__URL" in message
