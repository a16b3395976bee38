"""What the tests of views share: one store, looked at directly and through the API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from prefect_results.backend.access import RunAccess, open_access
from prefect_results.backend.client import Client
from prefect_results.backend.store import RunStore, open_store
from prefect_results.context import context
from prefect_results.server.local import answer
from tests.backend import recorded


class ApiOfStore(Client):
    """A client whose requests are answered in this process, as a server would answer them."""

    def __init__(self, store: RunStore) -> None:
        super().__init__("http://api.invalid")
        self.store: Any = store
        self.requests: list[str] = []

    def post(self, *args: Any, params: Any = None, **kwargs: Any) -> Any:
        self.requests.append(params["query"])
        variables = json.loads(params["variables"])
        return json.loads(json.dumps(answer(self.store, params["query"], variables)))


@pytest.fixture
def store(store_url: str) -> Iterator[RunStore]:
    """An empty store, once for each database."""
    opened = open_store(store_url)
    yield opened
    opened.close()


@pytest.fixture(params=["store", "api"])
def access(request: pytest.FixtureRequest, store: RunStore) -> RunAccess:
    """The runs of the store, reached in each way that there is."""
    return open_access(store if request.param == "store" else ApiOfStore(store))


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Where results of the flows lie."""
    return tmp_path / "results"


@pytest.fixture
def run_id(store: RunStore, results: Path) -> str:
    """A recorded run of the documentation's flow, with its results in files."""
    flow = recorded.example_flow(result=recorded.stored(results))
    with context(checkpointing=True):
        return recorded.record(store, flow)
