"""The contract of a run store, on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from prefect_results.backend.store import RunStore, open_store
from prefect_results.testing.stores import RunStoreContract


class TestSqlRunStore(RunStoreContract):
    """SQLite and PostgreSQL keep the same contract."""

    @pytest.fixture
    def store(self, store_url: str) -> Iterator[RunStore]:
        """An empty store."""
        store = open_store(store_url)
        yield store
        store.close()
