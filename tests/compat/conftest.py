"""The legacy names, switched on for one test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from prefect_results import compat


@pytest.fixture
def legacy() -> Iterator[None]:
    """Serves `import prefect` during a test and takes it back afterwards."""
    compat.install()
    yield
    compat.uninstall()
