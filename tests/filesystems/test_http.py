"""What an HTTP server's answers mean, and what is not asked of one."""

from __future__ import annotations

import asyncio

import pytest

from prefect_results.exceptions import NotFound, PermissionDenied, StorageError, Unavailable
from prefect_results.filesystems import FSSpecFileSystem, http


class ClientResponseError(Exception):
    """As aiohttp's."""

    def __init__(self, status: int) -> None:
        super().__init__(f"{status}, url=http://host/?token=secret")
        self.status = status


class ClientConnectionError(Exception):
    """As aiohttp's."""


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        (ClientResponseError(404), NotFound),
        (ClientResponseError(403), PermissionDenied),
        (ClientResponseError(503), Unavailable),
        (ClientResponseError(501), StorageError),
        (ClientResponseError(418), StorageError),
        (ClientConnectionError("host, token=secret"), Unavailable),
        (asyncio.TimeoutError(), Unavailable),
    ],
)
def test_the_reason_counts(reason: Exception, kind: type[StorageError]) -> None:
    """The driver says that nothing is there, and means many things."""
    missing = FileNotFoundError("http://host/?token=secret")
    missing.__cause__ = reason
    said = http.meaning(missing)
    assert type(said) is kind
    assert "secret" not in str(said)
    assert http.meaning(FileNotFoundError("a")) is None


def test_what_http_cannot_do_is_refused() -> None:
    """Nothing is listed or removed, which is not the same as an empty place; no secret is told."""
    filesystem = FSSpecFileSystem("https://me:word@host/x?token=secret")
    for request in (filesystem.list, lambda: filesystem.delete("a")):
        with pytest.raises(StorageError, match="https://host/x: HTTP has no way to") as error:
            request()
        assert "secret" not in str(error.value) and "word" not in str(error.value)


def test_a_server_that_cannot_be_reached_is_unavailable() -> None:
    """Reading and looking say so; nothing is taken for missing."""
    pytest.importorskip("aiohttp")
    filesystem = FSSpecFileSystem("http://127.0.0.1:9/x?token=secret")
    for request in (filesystem.get, filesystem.exists, filesystem.stat, filesystem.open_read):
        with pytest.raises(Unavailable, match="http://127.0.0.1:9/x/a cannot be reached") as error:
            request("a")
        assert "secret" not in str(error.value)
