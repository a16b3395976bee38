"""What an HTTP server's answer, or its silence, means; what cannot be asked of one.

Not here: how a request is made; fsspec's driver does.
"""

from __future__ import annotations

import asyncio
import re
from typing import NoReturn

from prefect_results.exceptions import NotFound, PermissionDenied, StorageError, Unavailable

PROTOCOLS = frozenset(("http", "https"))

_STATUS: dict[int, type[StorageError]] = {
    401: PermissionDenied,
    403: PermissionDenied,
    404: NotFound,
    408: Unavailable,
    410: NotFound,
    429: Unavailable,
    501: StorageError,
}
_WORDS: dict[type[StorageError], str] = {
    NotFound: "does not exist",
    PermissionDenied: "may not be accessed",
    Unavailable: "cannot be reached",
    StorageError: "is on a server that refuses what was asked",
}


def meaning(exc: BaseException) -> StorageError | None:
    """The error of the port, with no location yet, for one of the driver; None for any other.

    The driver says that nothing is there whatever went wrong; the reason is behind that.
    """
    found: BaseException | None = exc
    while found is not None:
        names = {kind.__name__ for kind in type(found).__mro__}
        status = getattr(found, "status", None)
        if "ClientResponseError" in names and isinstance(status, int):
            leaf = _STATUS.get(status, Unavailable if status >= 500 else StorageError)
            return leaf(f"{_WORDS[leaf]}: HTTP {status}")
        # What they say may hold the whole URL.
        if "ClientConnectionError" in names or isinstance(found, asyncio.TimeoutError):
            return Unavailable(f"{_WORDS[Unavailable]}: {type(found).__name__}")
        found = found.__cause__ or found.__context__
    return None


def refuse(url: str, what: str) -> NoReturn:
    """Say that something cannot be done by HTTP.

    Raises:
        StorageError: always.
    """
    raise StorageError(
        f"{url}: HTTP has no way to {what}; results there are read, and written where the server "
        "takes it, by their locations"
    )


def public(url: str) -> str:
    """A URL without what may be secret in it."""
    return re.sub(r"[?#].*", "", url)
