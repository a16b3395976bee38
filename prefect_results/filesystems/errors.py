"""The system's errors, and those of libraries that use them, as errors of the port.

Not here: errors of the clients of cloud storage; each has a table in the module that wraps it.
"""

from __future__ import annotations

import errno
from typing import NoReturn

from prefect_results.exceptions import (
    Conflict,
    NotFound,
    PermissionDenied,
    StorageError,
    Unavailable,
    UnsafeLocation,
)

_UNSAFE = frozenset((errno.ENAMETOOLONG, errno.ELOOP, errno.EILSEQ))
_UNAVAILABLE = frozenset((errno.ESTALE, errno.ETIMEDOUT, errno.EHOSTDOWN, errno.ENOTCONN))
_TYPES: tuple[tuple[type[Exception], type[StorageError], str], ...] = (
    (FileNotFoundError, NotFound, "does not exist"),
    (NotADirectoryError, NotFound, "does not exist: a folder on the way is a file"),
    (IsADirectoryError, NotFound, "is a folder, not a file"),
    (PermissionError, PermissionDenied, "may not be accessed by this process"),
    (FileExistsError, Conflict, "exists already"),
    (ConnectionError, Unavailable, "cannot be reached"),
    (TimeoutError, Unavailable, "cannot be reached in time"),
)


def translate(exc: Exception, location: str, path: str) -> NoReturn:
    """Raise the error of the port that means what another error says.

    Args:
        exc: the error; one of the port is raised again as it is.
        location: as the caller named it.
        path: as the storage names it, for the message.

    Raises:
        StorageError: always, one of its leaves if there is one that fits.
    """
    if isinstance(exc, StorageError):
        raise exc
    number = getattr(exc, "errno", None)
    if number in _UNSAFE:
        raise UnsafeLocation(
            f"The location {location!r:.200} cannot be a file here: {exc}", location=location
        ) from exc
    for kind, error, words in _TYPES:
        if isinstance(exc, kind):
            raise error(f"{path} {words}", location=location) from exc
    if number == errno.EROFS:
        raise PermissionDenied(f"{path} lies on a read-only filesystem", location=location) from exc
    leaf = Unavailable if number in _UNAVAILABLE else StorageError
    raise leaf(f"{path}: {type(exc).__name__}: {exc}", location=location) from exc
