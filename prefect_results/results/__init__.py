"""Results: immutable values of tasks that know how, and where, they become data.

Not here: when that happens; the wire, the checkpoint and the input step decide it.
"""

from __future__ import annotations

from prefect_results.results.base import (
    NoResult,
    NoResultType,
    Result,
    ResultNotImplementedError,
)
from prefect_results.results.local import LocalResult
from prefect_results.results.registry import (
    register_result_type,
    result_type,
    result_type_name,
    result_types,
)
from prefect_results.results.stored import StoredResult

__all__ = [
    "LocalResult",
    "NoResult",
    "NoResultType",
    "Result",
    "ResultNotImplementedError",
    "StoredResult",
    "register_result_type",
    "result_type",
    "result_type_name",
    "result_types",
]
