"""How the task runs of a flow run are scheduled: one after the other, in threads, on a cluster."""

from __future__ import annotations

from prefect_results.executors.base import Executor
from prefect_results.executors.dask import DaskExecutor, LocalDaskExecutor
from prefect_results.executors.local import LocalExecutor

__all__ = ["DaskExecutor", "Executor", "LocalDaskExecutor", "LocalExecutor"]
