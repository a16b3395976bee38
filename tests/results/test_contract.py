"""Every result type that stores values passes the contract."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fsspec
import pytest

from prefect_results.results import FSSpecResult, LocalResult
from prefect_results.testing.results import Make, StoredResultContract


class TestLocal(StoredResultContract):
    """Files of this machine."""

    @pytest.fixture
    def make(self, tmp_path: Path) -> Make:
        """Results in a folder of the test's own."""

        def make(**kwargs: Any) -> LocalResult:
            return LocalResult(dir=str(tmp_path), **kwargs)

        return make


class TestFSSpec(StoredResultContract):
    """The memory filesystem of fsspec."""

    @pytest.fixture
    def make(self) -> Make:
        """Results in a store that was cleared."""
        fs = fsspec.filesystem("memory")
        fs.store.clear()
        fs.pseudo_dirs[:] = [""]

        def make(**kwargs: Any) -> FSSpecResult:
            return FSSpecResult("memory://results", **kwargs)

        return make
