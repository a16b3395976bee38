"""Where bytes lie: one port, several kinds of storage.

Not here: values, serializers and results; they are built on this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect_results.filesystems.base import FileInfo, FileSystem, Writer
from prefect_results.filesystems.local import LocalFileSystem

if TYPE_CHECKING:
    from prefect_results.filesystems.fsspec import FSSpecFileSystem
    from prefect_results.filesystems.memory import MemoryFileSystem

__all__ = [
    "FSSpecFileSystem",
    "FileInfo",
    "FileSystem",
    "LocalFileSystem",
    "MemoryFileSystem",
    "Writer",
]

_LAZY = {"FSSpecFileSystem": "fsspec", "MemoryFileSystem": "memory"}


def __getattr__(name: str) -> Any:
    module = _LAZY.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value
