"""What the tests of composing tasks share: an embedded store with one agent for a module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from prefect_results.backend.agent import stop_companion
from prefect_results.backend.store import RunStore, open_store
from prefect_results.backend.store.opening import sqlite_url
from prefect_results.configuration import set_temporary_config


@pytest.fixture(scope="module")
def module_url(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[str]:
    """The URL of a store; the agent that is started for it has ended afterwards."""
    path = tmp_path_factory.mktemp("compose") / "runs.db"
    path.write_bytes(sqlite_template.read_bytes())
    yield sqlite_url(path)
    stop_companion()


@pytest.fixture
def store(module_url: str) -> Iterator[RunStore]:
    """The store, as the configured one."""
    with set_temporary_config({"store.url": module_url}):
        opened = open_store(module_url)
        yield opened
        opened.close()
