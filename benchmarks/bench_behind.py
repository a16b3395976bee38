"""Checkpoints that are stored while the tasks that follow run, beside the tasks alone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from benchmarks.report import Row, compared, within
from prefect_results import Flow, task
from prefect_results.context import context
from prefect_results.filesystems import MemoryFileSystem
from prefect_results.logging import get_logger
from prefect_results.results import Result, StoredResult

TITLE = "Writing behind (sequential tasks of 50 ms, storage that takes 50 ms per write)"
SECONDS = 0.05


class SlowFileSystem(MemoryFileSystem):
    """Storage that answers as if it were far away."""

    def put(self, location: str, data: Any) -> Any:
        """Store an object, in a while."""
        time.sleep(SECONDS)
        return super().put(location, data)


class SlowResult(StoredResult):
    """A result in it."""

    @property
    def filesystem(self) -> SlowFileSystem:
        """The same for all."""
        return SlowFileSystem("benchmark")


@task
def step(x: int) -> int:
    """Take a while."""
    time.sleep(SECONDS)
    return x + 1


def run(quick: bool = False) -> Iterator[Row]:
    """Run the same flow without storage, writing behind, and writing at once."""
    count = 50 if quick else 200
    get_logger().setLevel("WARNING")
    alone = _seconds(count, Result(), behind=False)
    behind = _seconds(count, SlowResult(location="{x}"), behind=True)
    at_once = _seconds(count, SlowResult(location="{x}"), behind=False)
    yield within(f"{count} tasks, written behind", behind, "the tasks alone", alone, 1.1, "s")
    yield compared(f"{count} tasks, written behind", behind, "written at once", at_once, "s")


def _seconds(count: int, result: Result, behind: bool) -> float:
    with Flow("behind", result=result, checkpoint_behind=behind) as flow:
        end: Any = 0
        for _ in range(count):
            end = step(end)
    with context(checkpointing=True):
        started = time.perf_counter()
        state = flow.run()
        seconds = time.perf_counter() - started
    assert state is not None and state.result[end].result == count
    return seconds
