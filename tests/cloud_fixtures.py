"""Servers of cloud storage for one run of the tests, and empty places in them."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import emulators

__all__ = [
    "azure_container",
    "azure_string",
    "gcs_bucket",
    "gcs_url",
    "s3_bucket",
    "s3_url",
    "sftp_options",
]

_numbers = itertools.count()


def _running(start: Callable[[Path], Any], folder: Path) -> Iterator[Any]:
    with contextlib.ExitStack() as stack:
        try:
            server = stack.enter_context(start(folder))
        except emulators.ServerUnavailable as exc:
            pytest.skip(str(exc))
        yield server


@pytest.fixture(scope="session")
def s3_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server that speaks S3."""
    yield from _running(emulators.s3_server, tmp_path_factory.mktemp("s3"))


@pytest.fixture(scope="session")
def gcs_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server that speaks the JSON API of GCS."""
    yield from _running(emulators.gcs_server, tmp_path_factory.mktemp("gcs"))


@pytest.fixture(scope="session")
def azure_string(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The connection string of an Azurite."""
    yield from _running(emulators.azure_server, tmp_path_factory.mktemp("azure"))


@pytest.fixture(scope="session")
def sftp_options(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """How to reach an sshd of this user."""
    yield from _running(emulators.sftp_server, tmp_path_factory.mktemp("sftp"))


@pytest.fixture
def s3_bucket(s3_url: str) -> str:
    """A new bucket."""
    import boto3

    name = f"bucket-{os.getpid()}-{next(_numbers)}"
    client = boto3.client("s3", endpoint_url=s3_url, region_name="us-east-1", **emulators.S3_KEYS)
    client.create_bucket(Bucket=name)
    return name


@pytest.fixture
def gcs_bucket(gcs_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A new bucket; the environment leads to it."""
    from google.cloud import storage

    monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs_url)
    name = f"bucket-{os.getpid()}-{next(_numbers)}"
    storage.Client().create_bucket(name)
    return name


@pytest.fixture
def azure_container(azure_string: str) -> str:
    """A new container."""
    from azure.storage.blob import BlobServiceClient

    name = f"container-{os.getpid()}-{next(_numbers)}"
    with BlobServiceClient.from_connection_string(azure_string) as client:
        client.create_container(name)
    return name
