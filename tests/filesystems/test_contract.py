"""Every filesystem passes the contract."""

from __future__ import annotations

from pathlib import Path

import fsspec
import pytest

from prefect_results.filesystems import (
    FileSystem,
    FSSpecFileSystem,
    LocalFileSystem,
    MemoryFileSystem,
)
from prefect_results.testing.filesystems import FileSystemContract


class TestLocal(FileSystemContract):
    """Files of this machine."""

    @pytest.fixture
    def filesystem(self, tmp_path: Path) -> FileSystem:
        """A folder that does not exist yet."""
        return LocalFileSystem(tmp_path / "root")


class TestMemory(FileSystemContract):
    """The memory of this process."""

    @pytest.fixture
    def filesystem(self) -> FileSystem:
        """A store that nobody else uses."""
        filesystem = MemoryFileSystem("contract")
        filesystem.clear()
        return filesystem


class TestFSSpecMemory(FileSystemContract):
    """The memory filesystem of fsspec."""

    @pytest.fixture
    def filesystem(self) -> FileSystem:
        """An empty folder."""
        fs = fsspec.filesystem("memory")
        fs.store.clear()
        fs.pseudo_dirs[:] = [""]
        return FSSpecFileSystem("memory://contract/below")


class TestFSSpecLocal(FileSystemContract):
    """Local files, by way of fsspec."""

    @pytest.fixture
    def filesystem(self, tmp_path: Path) -> FileSystem:
        """An empty folder."""
        return FSSpecFileSystem(f"file://{tmp_path}/root")
