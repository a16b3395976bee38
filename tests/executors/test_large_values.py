"""Large values go from task to task without coming by the client or the scheduler."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cloudpickle
import pytest

import prefect_results
from prefect_results import Flow, task
from prefect_results.engine import FlowRunner
from prefect_results.executors import DaskExecutor
from prefect_results.results import LocalResult

SIZE = 25_000_000
pytest.importorskip("distributed")


@pytest.fixture(autouse=True)
def _by_value() -> Iterator[None]:
    """Workers cannot import the tests."""
    module = sys.modules[__name__]
    cloudpickle.register_pickle_by_value(module)
    yield
    cloudpickle.unregister_pickle_by_value(module)


@pytest.fixture
def traffic(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes each message had that this process, with client and scheduler, got or sent."""
    from distributed.comm import tcp

    sizes: list[int] = []
    read, write = tcp.from_frames, tcp.to_frames

    async def count_read(frames: Any, *args: Any, **kwargs: Any) -> Any:
        sizes.append(sum(memoryview(frame).nbytes for frame in frames))
        return await read(frames, *args, **kwargs)

    async def count_written(*args: Any, **kwargs: Any) -> Any:
        frames = await write(*args, **kwargs)
        sizes.append(sum(memoryview(frame).nbytes for frame in frames))
        return frames

    monkeypatch.setattr(tcp, "from_frames", count_read)
    monkeypatch.setattr(tcp, "to_frames", count_written)
    return sizes


@task
def large(x: int) -> bytes:
    return bytes([x]) * SIZE


@task
def longer(value: bytes) -> bytes:
    return value + b"!"


@task
def total(values: list[bytes]) -> int:
    return sum(map(len, values))


def large_flow() -> tuple[Flow, Any]:
    """A flow whose values are large, but for that of the one task it ends with."""
    with Flow("large") as flow:
        mapped = longer.map(large.map([1, 2, 3]))
        sizes = total([longer(large(4)), large(5)])
        both = task(lambda one, other: one + other, name="both")(total(mapped), sizes)
    return flow, both


def test_values_that_are_stored_are_read_where_they_are_used(
    cluster: Any, traffic: list[int], tmp_path: Path
) -> None:
    """Also those of all tasks that `flow.run` returns; its states say where they are."""
    flow, both = large_flow()
    flow.result = LocalResult(dir=str(tmp_path))
    with prefect_results.context(checkpointing=True):
        state = flow.run(executor=DaskExecutor(address=cluster.scheduler_address))
    assert state.result[both].result == 5 * SIZE + 4
    assert 0 < sum(traffic) < 1_000_000
    (one, *_) = flow.get_tasks(name="longer")
    child = state.result[one].map_states[0]
    assert child._result.serialized
    assert child.load_result().result == bytes([1]) * SIZE + b"!"


def test_values_that_are_not_stored_stay_on_the_workers(cluster: Any, traffic: list[int]) -> None:
    """They go from one to the other."""
    flow, both = large_flow()
    executor = DaskExecutor(address=cluster.scheduler_address)
    state = FlowRunner(flow).run(executor=executor, return_tasks=[both])
    assert state.result[both].result == 5 * SIZE + 4
    assert 0 < sum(traffic) < 1_000_000


def test_what_is_returned_comes_here(cluster: Any, traffic: list[int]) -> None:
    """That it would be counted is the proof of the others."""
    with Flow("returned") as flow:
        one = large(1)
    state = flow.run(executor=DaskExecutor(address=cluster.scheduler_address))
    assert len(state.result[one].result) == SIZE
    assert sum(traffic) > SIZE
