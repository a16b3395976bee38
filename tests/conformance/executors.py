"""Executors that the comparison's flows can be run on, besides the default one.

The name of a function here is given as `engine.executor.default_class`, in the process that runs
the flows.
"""

from __future__ import annotations

import atexit
import sys
from typing import Any

#: The executors of the comparison; the first is the default one.
NAMES = ("local", "sync", "threads", "processes", "dask")
#: Those whose tasks run in other processes, where their log lines and warnings stay.
REMOTE = ("processes", "dask")

_cluster: Any = None


def sync() -> Any:
    """One after the other, by an executor for several workers."""
    from prefect_results.executors import LocalDaskExecutor

    return LocalDaskExecutor("sync")


def threads() -> Any:
    """Two threads."""
    from prefect_results.executors import LocalDaskExecutor

    return LocalDaskExecutor("threads", num_workers=2)


def processes() -> Any:
    """Two processes."""
    from prefect_results.executors import LocalDaskExecutor

    _send_flow_files()
    return LocalDaskExecutor("processes", num_workers=2)


def dask() -> Any:
    """A dask.distributed cluster of two processes, made once."""
    global _cluster
    from distributed import LocalCluster, get_worker

    from prefect_results.executors import DaskExecutor, LocalExecutor

    try:
        get_worker()
    except ValueError:
        pass
    else:
        # A flow that a task runs; no worker makes a cluster of its own.
        return LocalExecutor()
    if _cluster is None:
        _cluster = LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
        )
        atexit.register(_cluster.close)
    _send_flow_files()
    return DaskExecutor(address=_cluster.scheduler_address)


def _send_flow_files() -> None:
    """Have what flow files define travel by value, as no worker can import them."""
    import cloudpickle

    for name, module in list(sys.modules.items()):
        if name.startswith("conformance_"):
            cloudpickle.register_pickle_by_value(module)
