"""The clouds, and sftp, pass the contract on servers that speak their protocols."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from prefect_results.exceptions import UnsafeLocation
from prefect_results.filesystems import (
    AzureFileSystem,
    FileSystem,
    FSSpecFileSystem,
    GCSFileSystem,
    S3FileSystem,
)
from prefect_results.testing.filesystems import FileSystemContract
from tests.emulators import S3_KEYS


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


def test_links_on_a_server_stay_below_the_root(
    sftp_options: dict[str, Any], tmp_path: Path
) -> None:
    """A link that leads out of the root is not followed, by reads or writes; one inside is."""
    root = tmp_path / "root"
    (root / "inside").mkdir(parents=True)
    (tmp_path / "secret").write_bytes(b"x")
    (root / "link").symlink_to(tmp_path / "secret")
    (root / "out").symlink_to(tmp_path)
    (root / "in").symlink_to(root / "inside")
    options = dict(sftp_options)
    filesystem = FSSpecFileSystem(f"sftp://{options.pop('host')}{root}", **options)
    for location in ("link", "out/secret", "out/new", "out/a/b/c"):
        with pytest.raises(UnsafeLocation):
            filesystem.get(location)
        with pytest.raises(UnsafeLocation):
            filesystem.put(location, b"y")
    assert (tmp_path / "secret").read_bytes() == b"x"
    filesystem.put("in/a", b"z")
    assert (root / "inside" / "a").read_bytes() == b"z"
