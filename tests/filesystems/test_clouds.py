"""The clouds, and sftp, pass the contract on servers that speak their protocols."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from prefect_results.filesystems import (
    AzureFileSystem,
    FileSystem,
    FSSpecFileSystem,
    GCSFileSystem,
    Retries,
    S3FileSystem,
)
from prefect_results.testing.filesystems import FileSystemContract
from tests.emulators import S3_KEYS

# Tests have no time to wait.
QUICK = Retries(attempts=4, first=0.01, longest=0.05, timeout=20)


class TestS3(FileSystemContract):
    """A bucket of S3."""

    @pytest.fixture
    def filesystem(self, s3_url: str, s3_bucket: str) -> FileSystem:
        """A new bucket."""
        return S3FileSystem(s3_bucket, boto3_kwargs={"endpoint_url": s3_url, **S3_KEYS})


class TestGCS(FileSystemContract):
    """A bucket of GCS."""

    @pytest.fixture
    def filesystem(self, gcs_bucket: str) -> FileSystem:
        """A new bucket."""
        return GCSFileSystem(gcs_bucket)


class TestAzure(FileSystemContract):
    """A container of Azure."""

    @pytest.fixture
    def filesystem(self, azure_string: str, azure_container: str) -> FileSystem:
        """A new container."""
        return AzureFileSystem(azure_container, connection_string=azure_string)


class TestPrefix(FileSystemContract):
    """Keys below a prefix."""

    @pytest.fixture
    def filesystem(self, s3_url: str, s3_bucket: str) -> FileSystem:
        """A prefix beside which there is something else."""
        settings = {"endpoint_url": s3_url, **S3_KEYS}
        S3FileSystem(s3_bucket, boto3_kwargs=settings).put("other", b"x")
        return S3FileSystem(s3_bucket, "below/", settings)


class TestSFTP(FileSystemContract):
    """A folder on a server that speaks SFTP, by fsspec."""

    @pytest.fixture
    def filesystem(self, sftp_options: dict[str, Any], tmp_path: Path) -> FileSystem:
        """A folder that does not exist yet."""
        options = dict(sftp_options)
        return FSSpecFileSystem(f"sftp://{options.pop('host')}{tmp_path}/root", **options)
