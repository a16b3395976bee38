"""What `bench_views` runs in a process of each library: `views_worker.py LIBRARY QUERIES`.

Reads the runs' ids, the server's URL and the storage's delay from QUERIES (JSON), prints JSON.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from typing import Any


def main(library: str, queries: dict[str, Any]) -> dict[str, float]:
    """Measure one library."""
    if library == "ours":
        from prefect_results.backend.views import TaskRunView
        from prefect_results.configuration import config
        from prefect_results.results import LocalResult

        config["store"] = {"url": queries["url"]}
    else:
        host, _, port = queries["url"].rpartition(":")
        os.environ.update(
            PREFECT__BACKEND="server", PREFECT__SERVER__HOST=host, PREFECT__SERVER__PORT=port
        )
        from prefect.backend import TaskRunView
        from prefect.engine.results import LocalResult

    read = LocalResult.read

    def answering_late(self: Any, location: str) -> Any:
        time.sleep(queries["delay"])
        return read(self, location)

    LocalResult.read = answering_late  # type: ignore[method-assign]

    def parent(name: str) -> Any:
        return TaskRunView.from_task_slug("inc-1", flow_run_id=queries[name])

    view = parent("few")
    started = time.perf_counter()
    values = view.get_result()
    told = {"get_result": time.perf_counter() - started}
    assert values == list(range(len(values)))

    view = parent("many")
    next(iter(view.iter_mapped()))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started, count = time.perf_counter(), 0
    for child in view.iter_mapped():
        assert child.map_index == count
        count += 1
        if count == queries["most"].get(library):
            break
    told["iter_mapped"] = (time.perf_counter() - started) / count
    told["grown"] = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    return told


if __name__ == "__main__":
    with open(sys.argv[2]) as file:
        print(json.dumps(main(sys.argv[1], json.load(file))))
