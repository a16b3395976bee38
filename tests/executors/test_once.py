"""One value, wanted by all executors at once, is computed by one run of one of them."""

from __future__ import annotations

import datetime
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from prefect_results import Flow, context, task, unmapped
from prefect_results.executors import DaskExecutor, LocalDaskExecutor, LocalExecutor
from prefect_results.results import LocalResult


@pytest.mark.parametrize(
    "options",
    [{"target": "t"}, {"cache_for": datetime.timedelta(hours=1), "cache_key": "k"}],
    ids=["target", "cache"],
)
def test_threads_processes_and_workers_compute_a_value_once(
    tmp_path: Path, cluster: Any, options: dict[str, Any]
) -> None:
    """Whichever is first computes it; the others, in whatever process, read it."""
    executors = [
        LocalExecutor(),
        LocalDaskExecutor(scheduler="threads", num_workers=2),
        LocalDaskExecutor(scheduler="processes", num_workers=2),
        DaskExecutor(address=cluster.scheduler_address),
    ]
    result = LocalResult(dir=str(tmp_path / "values"))

    @task(result=result, cache_isolation_level="serializable", **options)
    def compute(x: int, folder: str) -> int:
        with open(f"{folder}/log", "a") as log:
            log.write("computed\n")
        return 5

    def run(executor: Any) -> Any:
        with Flow("once") as flow:
            computed = compute.map([1] * 3, unmapped(str(tmp_path)))
        with context(checkpointing=True, caches={}):
            return flow.run(executor=executor).result[computed].result

    with ThreadPoolExecutor(len(executors)) as pool:
        assert list(pool.map(run, executors)) == [[5] * 3] * 4
    assert (tmp_path / "log").read_text() == "computed\n"
    assert not list(tmp_path.rglob(".prefect-lock*"))
