"""fsspec's drivers of cloud storage pass the contract; skipped where they are not installed."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from prefect_results.filesystems import FileSystem, FSSpecFileSystem
from prefect_results.testing.filesystems import ODD_NAMES, FileSystemContract
from tests import emulators

MISSING = [name for name in ("s3fs", "gcsfs", "adlfs") if find_spec(name) is None]
if MISSING:
    # They do not go with all versions of the vendors' clients.
    pytest.skip(
        f"{', '.join(MISSING)} not installed; `nox -s drivers` does that", allow_module_level=True
    )


class TestS3FS(FileSystemContract):
    """s3fs, against moto."""

    @pytest.fixture
    def filesystem(self, s3_url: str, s3_bucket: str) -> FileSystem:
        """A folder of an empty bucket."""
        keys = emulators.S3_KEYS
        return FSSpecFileSystem(
            f"s3://{s3_bucket}/below",
            key=keys["aws_access_key_id"],
            secret=keys["aws_secret_access_key"],
            endpoint_url=s3_url,
            client_kwargs={"region_name": "us-east-1"},
        )


class TestGCSFS(FileSystemContract):
    """gcsfs, against an emulator."""

    @pytest.fixture
    def filesystem(
        self, gcs_url: str, gcs_bucket: str, monkeypatch: pytest.MonkeyPatch
    ) -> FileSystem:
        """A folder of an empty bucket."""
        # Before it is imported: it would ask for the kind of bucket by gRPC, with TLS.
        monkeypatch.setenv("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")
        return FSSpecFileSystem(
            f"gs://{gcs_bucket}/below", endpoint_url=gcs_url, token="anon", project="test"
        )

    @pytest.mark.parametrize("location", [name for name in ODD_NAMES if ";" not in name])
    def test_odd_names_are_kept(self, filesystem: FileSystem, location: str) -> None:
        """The same; the emulator cuts names off at semicolons."""
        super().test_odd_names_are_kept(filesystem, location)


class TestADLFS(FileSystemContract):
    """adlfs, against Azurite."""

    @pytest.fixture
    def filesystem(self, azure_string: str, azure_container: str) -> FileSystem:
        """A folder of an empty container."""
        return FSSpecFileSystem(f"abfs://{azure_container}/below", connection_string=azure_string)
