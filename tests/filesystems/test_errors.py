"""Every error of a vendor's client becomes one of the port's, and the right one."""

from __future__ import annotations

import inspect
from types import ModuleType
from typing import Any

import pytest

from prefect_results.exceptions import (
    Conflict,
    NotFound,
    PermissionDenied,
    StorageError,
    Unavailable,
    UnsafeLocation,
)
from prefect_results.filesystems import (
    AzureFileSystem,
    GCSFileSystem,
    S3FileSystem,
    azure,
    clients,
    gcs,
    s3,
)
from prefect_results.filesystems.objects import ObjectFileSystem

S3 = S3FileSystem("b")
GCS = GCSFileSystem("b")
AZURE = AzureFileSystem("b", connection_string="x")
STATUSES = {
    401: PermissionDenied,
    403: PermissionDenied,
    404: NotFound,
    408: Unavailable,
    409: Conflict,
    412: Conflict,
    429: Unavailable,
    500: Unavailable,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
    400: StorageError,
}
# Words in the names of errors that mean the network, or the server, for now.
PASSING = ("Timeout", "Connection", "ServiceRe", "Transport", "IncompleteRead", "Unavailable")
# Named like that, but meaning something else.
NOT_PASSING = {
    "InvalidProxiesConfigError",
    "MD5UnavailableError",
    "UnsupportedS3ConfigurationError",
    "ConfigParseError",
}


def errors_of(module: ModuleType) -> list[type[Exception]]:
    """The public errors of a module."""
    return [
        kind
        for name, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, Exception)
        and not issubclass(kind, Warning)
        and kind.__module__ == module.__name__
        and name[0] != "_"
    ]


def blank(kind: type[Exception]) -> Exception:
    """An instance that has nothing but its class."""
    made: Exception = kind.__new__(kind)
    return made


def vendors() -> list[Any]:
    """Each vendor's error classes, with the filesystem that translates them."""
    import azure.core.exceptions as azure_errors
    import botocore.exceptions as s3_errors
    import google.api_core.exceptions as api_errors
    import google.auth.exceptions as auth_errors
    import requests.exceptions as http_errors

    found = [(S3, s3_errors), (GCS, api_errors), (GCS, auth_errors), (GCS, http_errors)]
    return [
        pytest.param(filesystem, kind, id=f"{filesystem.scheme}-{kind.__name__}")
        for filesystem, module in [*found, (AZURE, azure_errors)]
        for kind in errors_of(module)
    ]


@pytest.mark.parametrize(("filesystem", "kind"), vendors())
def test_every_error_of_a_client_has_a_twin(
    filesystem: ObjectFileSystem, kind: type[Exception]
) -> None:
    """A new class of a vendor's whose name says what it means must be in the table."""
    found = filesystem._error(blank(kind))
    assert issubclass(found, StorageError)
    if any(word in kind.__name__ for word in PASSING) and kind.__name__ not in NOT_PASSING:
        assert found is Unavailable
    if "Credential" in kind.__name__ and not kind.__name__.startswith(("Duplicate", "Unknown")):
        assert found is PermissionDenied


@pytest.mark.parametrize("table", [s3.ERRORS, gcs.ERRORS, azure.ERRORS])
def test_the_table_names_what_exists(table: dict[str, type[StorageError]]) -> None:
    """No name in a table is of a class that the vendor does not have any more."""
    import azure.core.exceptions as azure_errors
    import botocore.exceptions as s3_errors
    import google.api_core.exceptions as api_errors
    import google.auth.exceptions as auth_errors
    import google.cloud.storage.exceptions as storage_errors
    import requests.exceptions as http_errors

    modules = (azure_errors, s3_errors, api_errors, auth_errors, storage_errors, http_errors)
    # Younger than the oldest releases that are supported.
    young = {"LoginError", "TransferStalledError", "MissingStatusHeaderError", "DataCorruption"}
    missing = {name for name in table if not any(hasattr(module, name) for module in modules)}
    assert missing <= young


@pytest.mark.parametrize(("status", "expected"), STATUSES.items())
def test_statuses(status: int, expected: type[StorageError]) -> None:
    """The status of an answer means the same for all vendors."""
    from azure.core.exceptions import HttpResponseError
    from botocore.exceptions import ClientError
    from google.api_core.exceptions import from_http_status

    error = {"Error": {"Code": str(status)}, "ResponseMetadata": {"HTTPStatusCode": status}}
    assert S3._error(ClientError(error, "GetObject")) is expected  # type: ignore[arg-type]
    assert GCS._error(from_http_status(status, "x")) is expected
    answer = HttpResponseError("x")
    answer.status_code = status
    assert AZURE._error(answer) is expected


@pytest.mark.parametrize("filesystem", [S3, GCS, AZURE], ids=lambda one: one.scheme)
def test_names_that_servers_would_change_are_refused(filesystem: ObjectFileSystem) -> None:
    """What would be stored under another name, or cannot be a key, is refused before it is sent."""
    for location in ("a/./b", ".", "a\nb", "a\rb", "n" * 5000, "\u00e9" * 600):
        with pytest.raises(UnsafeLocation):
            filesystem.put(location, b"x")


@pytest.mark.parametrize("name", ["boto3", "google.cloud", "azure.storage.blob"])
def test_without_the_client_the_extra_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a client is missing, the error says what to install."""
    import sys

    from prefect_results.exceptions import MissingExtra

    monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setattr(clients, "_clients", {})
    made = {"boto3": S3FileSystem, "google.cloud": GCSFileSystem}.get(name, AzureFileSystem)
    filesystem = made(f"never-made-{name}")
    with pytest.raises(MissingExtra, match=rf"prefect_results\[{filesystem.extra}\]"):
        filesystem.get("x")
