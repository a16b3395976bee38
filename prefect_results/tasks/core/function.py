"""The legacy home of `FunctionTask`, which lives in `prefect_results.core.function`."""

from prefect_results.core.function import FunctionTask

__all__ = ["FunctionTask"]
