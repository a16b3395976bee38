"""What is known of stored values stays known, whichever executor ran the task."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cloudpickle
import pytest

import prefect_results
from prefect_results import Flow, task
from prefect_results.configuration import set_temporary_config
from prefect_results.executors import LocalExecutor
from prefect_results.results import LocalResult
from prefect_results.states import State

from .conftest import make_executor

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture(autouse=True)
def _by_value() -> Iterator[None]:
    """Workers cannot import the tests."""
    module = sys.modules[__name__]
    cloudpickle.register_pickle_by_value(module)
    yield
    cloudpickle.unregister_pickle_by_value(module)


@pytest.fixture(params=["local", "sync", "threads", "processes", "dask"])
def executor(request: pytest.FixtureRequest) -> Any:
    """An executor of each kind, that of one core too."""
    if request.param == "local":
        return LocalExecutor()
    return make_executor(request.param, request)


@task
def text(x: int) -> str:
    return f"{x}" * 100


@task
def join(texts: list[str]) -> str:
    return "".join(texts)


@task
def echo(x: str) -> str:
    return x


def written_flow(folder: Path) -> Flow:
    """A mapped task whose values are written, and one that takes them all."""
    written = text.copy()
    written.result = LocalResult(dir=str(folder), location="{map_index}.pickle")
    with Flow("written") as flow:
        join(echo.map(written.map(list(range(20)))))
    return flow


@pytest.mark.parametrize("limit", [1_000_000, 10])
def test_children_know_the_size_and_the_digest_of_what_they_wrote(
    executor: Any, tmp_path: Path, limit: int
) -> None:
    """The wire form of each child has them, whether its value came along or stayed away."""
    flow = written_flow(tmp_path)
    with (
        prefect_results.context(checkpointing=True),
        set_temporary_config({"engine.executor.transfer_limit": limit}),
    ):
        state = flow.run(executor=executor)
    assert state.is_successful()
    assert state.result[flow.get_tasks(name="join")[0]].result == "".join(
        f"{x}" * 100 for x in range(20)
    )
    for index, child in enumerate(state.result[flow.get_tasks(name="text")[0]].map_states):
        form = child.serialize()["_result"]
        path = tmp_path / f"{index}.pickle"
        assert form["size"] == path.stat().st_size
        assert form["digest"].startswith("sha256:") or ":" in form["digest"]
        copied = State.deserialize(child.serialize())
        assert copied._result.digest == child._result.digest
        assert copied.load_result().result == f"{index}" * 100


def test_a_value_that_was_changed_is_not_taken_for_the_one_that_was_written(
    remote: Any, tmp_path: Path
) -> None:
    """Who reads a value that stayed in storage compares it with what was written there."""
    folder = str(tmp_path)

    @task
    def forge(texts: list[Any], x: str) -> str:
        import cloudpickle

        path = Path(folder) / "3.pickle"
        path.write_bytes(cloudpickle.dumps("forged" * 50))
        return x

    written = text.copy()
    written.result = LocalResult(dir=folder, location="{map_index}.pickle")
    with Flow("forged") as flow:
        texts = written.map(list(range(5)))
        forged = forge([], "x")
        forged.set_upstream(texts)
        joined = join(texts)
        joined.set_upstream(forged)
    with (
        prefect_results.context(checkpointing=True),
        set_temporary_config({"engine.executor.transfer_limit": 10}),
    ):
        state = flow.run(executor=remote)
    assert state.result[joined].is_failed()
    assert "3.pickle" in str(state.result[joined].message)
