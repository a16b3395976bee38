"""Kinds of clusters: shared by several runs, of changing size, with encrypted connections."""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import cloudpickle
import pytest

from prefect_results import Flow, task
from prefect_results.executors import DaskExecutor

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore:Scheduler already contains a plugin"
)


@pytest.fixture(autouse=True)
def _by_value() -> Iterator[None]:
    """Workers cannot import the tests."""
    module = sys.modules[__name__]
    cloudpickle.register_pickle_by_value(module)
    yield
    cloudpickle.unregister_pickle_by_value(module)


@task
def more(x: int, by: int) -> int:
    return x + by


def sums(executor: Any, by: int) -> list[int]:
    """What a flow of two mapped levels makes of 0 to 99."""
    with Flow("sums") as flow:
        last = more.map(more.map(list(range(100)), by=[by] * 100), by=[1] * 100)
    values: list[int] = flow.run(executor=executor).result[last].result
    return values


def test_two_runs_at_once_on_one_cluster_do_not_meet(cluster: Any) -> None:
    """Each has its own calls, though flow and tasks are named alike."""
    found: dict[int, list[int]] = {}
    address = cluster.scheduler_address

    def run(by: int) -> None:
        found[by] = sums(DaskExecutor(address=address, watch_worker_status=False), by)

    threads = [threading.Thread(target=run, args=(by,)) for by in (0, 1000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {by: [x + by + 1 for x in range(100)] for by in (0, 1000)}


@pytest.mark.parametrize("minimum", [0, 1])
def test_a_cluster_may_start_small_and_grow(minimum: int) -> None:
    """Workers come when there is something to do."""
    executor = DaskExecutor(
        cluster_kwargs={"n_workers": minimum, "threads_per_worker": 1, "processes": False},
        adapt_kwargs={"minimum": minimum, "maximum": 2, "interval": "50ms"},
    )
    assert sums(executor, 1) == [x + 2 for x in range(100)]


def test_connections_may_be_encrypted() -> None:
    """What the client needs for that is passed on."""
    pytest.importorskip("cryptography")
    security = distributed.Security.temporary()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cluster = distributed.LocalCluster(
            n_workers=1,
            processes=False,
            protocol="tls",
            security=security,
            dashboard_address=None,
            silence_logs=50,
        )
    with cluster:
        address = cluster.scheduler_address
        assert address.startswith("tls://")
        executor = DaskExecutor(address=address, client_kwargs={"security": security})
        assert sums(executor, 1) == [x + 2 for x in range(100)]
