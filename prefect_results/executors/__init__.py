"""How the task runs of a flow run are scheduled: one after the other, in threads, on a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect_results.executors.base import Executor
from prefect_results.executors.local import LocalExecutor

if TYPE_CHECKING:
    from prefect_results.executors.dask import DaskExecutor, LocalDaskExecutor

__all__ = ["DaskExecutor", "Executor", "LocalDaskExecutor", "LocalExecutor"]


def __getattr__(name: str) -> Any:
    """Import the executors that few flows need when one is asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from prefect_results.executors import dask

    return getattr(dask, name)
