"""Executors for more than one core: a pool on this machine, or a dask.distributed cluster."""

from __future__ import annotations

from prefect_results.executors.dask.cluster import DaskExecutor
from prefect_results.executors.dask.local import LocalDaskExecutor

__all__ = ["DaskExecutor", "LocalDaskExecutor"]
