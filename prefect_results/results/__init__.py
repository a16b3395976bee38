"""Results: immutable values of tasks that know how, and where, they become data.

Not here: when that happens; the wire, the checkpoint and the input step decide it.
"""

from __future__ import annotations

from prefect_results.results.absent import NoResult, NoResultType
from prefect_results.results.azure import AzureResult
from prefect_results.results.base import Result, ResultNotImplementedError
from prefect_results.results.constant import ConstantResult
from prefect_results.results.fsspec import FSSpecResult
from prefect_results.results.gcs import GCSResult
from prefect_results.results.local import LocalResult
from prefect_results.results.prefect import PrefectResult
from prefect_results.results.reading import read_many
from prefect_results.results.registry import (
    register_result_type,
    result_type,
    result_type_name,
    result_types,
)
from prefect_results.results.s3 import S3Result
from prefect_results.results.secret import SecretResult, register_secret_type
from prefect_results.results.stored import StoredResult

__all__ = [
    "Result",
    "NoResult",
    "NoResultType",
    "ResultNotImplementedError",
    "AzureResult",
    "ConstantResult",
    "FSSpecResult",
    "GCSResult",
    "LocalResult",
    "PrefectResult",
    "S3Result",
    "SecretResult",
    "StoredResult",
    "read_many",
    "register_result_type",
    "register_secret_type",
    "result_type",
    "result_type_name",
    "result_types",
]
