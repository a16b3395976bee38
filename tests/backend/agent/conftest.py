"""What the tests of agents share: the configured store, in the home folder of the test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from prefect_results.backend.agent import stop_companion
from prefect_results.backend.store import RunStore, open_store


@pytest.fixture
def store(home_dir: Path, sqlite_template: Path) -> Iterator[RunStore]:
    """The embedded store, empty; the agent that is started for it has ended afterwards."""
    home_dir.mkdir(parents=True)
    (home_dir / "prefect_results.db").write_bytes(sqlite_template.read_bytes())
    opened = open_store()
    yield opened
    stop_companion()
    opened.close()
