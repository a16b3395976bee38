"""A cluster that the tests of a session share, and executors of each kind."""

from __future__ import annotations

import os
import select
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from prefect_results.executors import DaskExecutor, LocalDaskExecutor

SECONDS = 60


@pytest.fixture(scope="session")
def cluster() -> Iterator[Any]:
    """A dask.distributed cluster of two worker processes on this machine."""
    distributed = pytest.importorskip("distributed")
    import dask

    # It would give up a worker that, so long after it died, happens to be dead once more.
    patience = dask.config.set({"distributed.deploy.lost-worker-timeout": "1h"})
    with patience, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = distributed.LocalCluster(
            n_workers=2,
            # Dask may place a task behind one that waits, where a worker does one at a time.
            threads_per_worker=2,
            processes=True,
            dashboard_address=None,
            host="127.0.0.1",
            silence_logs=50,
        )
        yield made
        made.close()


@pytest.fixture(params=["sync", "threads", "processes", "dask"])
def executor(request: pytest.FixtureRequest) -> Any:
    """An executor of each kind, with two workers."""
    return make_executor(request.param, request)


@pytest.fixture(params=["threads", "processes", "dask"])
def parallel(request: pytest.FixtureRequest) -> Any:
    """An executor of each kind that does two things at once."""
    return make_executor(request.param, request)


@pytest.fixture(params=["processes", "dask"])
def remote(request: pytest.FixtureRequest) -> Any:
    """An executor of each kind whose workers are other processes."""
    return make_executor(request.param, request)


def make_executor(kind: str, request: pytest.FixtureRequest) -> Any:
    """An executor of a kind."""
    if kind == "dask":
        return DaskExecutor(address=request.getfixturevalue("cluster").scheduler_address)
    return LocalDaskExecutor(kind, num_workers=2)


class Gate:
    """What a task waits for until another task, maybe in another process, opens it.

    Args:
        path: of the pipe by which it is opened; made here.
    """

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        os.mkfifo(self.path)
        # As long as somebody has it open, what is written stays.
        self._holder = os.open(self.path, os.O_RDWR)

    def open(self) -> None:
        """Let all pass that wait, or will."""
        with open(self.path, "r+b", buffering=0) as pipe:
            pipe.write(b"x")

    def wait(self) -> bool:
        """Wait until it is open; false if that takes too long."""
        with open(self.path, "r+b", buffering=0) as pipe:
            return bool(select.select([pipe], [], [], SECONDS)[0])

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path}

    def close(self) -> None:
        """Let go of the pipe."""
        os.close(self._holder)


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Callable[[str], Gate]]:
    """Makes gates by name."""
    made: list[Gate] = []

    def make(name: str) -> Gate:
        made.append(Gate(tmp_path / name))
        return made[-1]

    yield make
    for one in made:
        one.close()
