"""Where bytes lie: one port, several kinds of storage.

Not here: values, serializers and results; they are built on this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect_results.filesystems.base import FileInfo, FileSystem, Writer
from prefect_results.filesystems.local import LocalFileSystem

if TYPE_CHECKING:
    from prefect_results.filesystems.azure import AzureFileSystem
    from prefect_results.filesystems.fsspec import FSSpecFileSystem
    from prefect_results.filesystems.gcs import GCSFileSystem
    from prefect_results.filesystems.memory import MemoryFileSystem
    from prefect_results.filesystems.retrying import Retries
    from prefect_results.filesystems.s3 import S3FileSystem

__all__ = [
    "AzureFileSystem",
    "FSSpecFileSystem",
    "FileInfo",
    "FileSystem",
    "GCSFileSystem",
    "LocalFileSystem",
    "MemoryFileSystem",
    "Retries",
    "S3FileSystem",
    "Writer",
]

_LAZY = {
    "AzureFileSystem": "azure",
    "FSSpecFileSystem": "fsspec",
    "GCSFileSystem": "gcs",
    "MemoryFileSystem": "memory",
    "Retries": "retrying",
    "S3FileSystem": "s3",
}


def __getattr__(name: str) -> Any:
    module = _LAZY.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value
