"""Calls that wait for a worker which the cluster does not have."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from prefect_results.executors import DaskExecutor
from prefect_results.executors.dask import unrunnable

from .conftest import SECONDS, make_executor


class Heard(logging.Handler):
    """Keeps warnings, and tells when there is one."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []
        self.one = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one."""
        self.lines.append(record.getMessage())
        self.one.set()


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Heard]:
    """What executors warn of; the scheduler is asked often."""
    pytest.importorskip("distributed")
    monkeypatch.setattr(unrunnable, "INTERVAL", 0.05)
    handler = Heard()
    logger = DaskExecutor(address="tcp://nobody:1").logger
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


def test_a_resource_that_no_worker_offers_is_told(
    request: pytest.FixtureRequest, heard: Heard
) -> None:
    """The task waits, and the log says what for; once, however many of its runs there are."""
    executor = make_executor("dask", request)
    tags = ["dask-resource:GPU=2"]
    extra = {"task_name": "trains", "task_tags": tags, "task_group": "one"}
    with executor.start():
        futures = [
            executor.submit(int, extra_context={**extra, "task_index": index}) for index in range(3)
        ]
        assert heard.one.wait(SECONDS)
        assert executor.wait(executor.submit(int)) == 0
        executor.client.cancel(futures)
    (line,) = heard.lines
    assert "Task 'trains' waits for a worker that has GPU=2" in line
    assert "2 workers offer no resources" in line
    assert '`dask worker --resources "GPU=2"`' in line


def test_a_cluster_without_workers_is_told(heard: Heard) -> None:
    """Nothing fails, as workers may come yet."""
    executor = DaskExecutor(cluster_kwargs={"n_workers": 0, "processes": False})
    with executor.start():
        future = executor.submit(int)
        assert heard.one.wait(SECONDS)
        executor.client.cluster.scale(1)
        assert executor.wait(future) == 0
    assert "has no workers" in heard.lines[0]


def test_what_there_is_is_told_of() -> None:
    """Amounts are written as users write them."""
    words: Any = unrunnable._words(0, [("a", (("GPU", 2.0), ("MEM", 1.5)))], {"GPU": 1.0}, 3)
    assert "has GPU=2, MEM=1.5" in words[0]
    assert "3 workers offer GPU=1 at most" in words[0]
