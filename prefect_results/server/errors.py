"""What a caller is told when something goes wrong, and what is kept from them.

What belongs here: the codes, and turning an exception into an entry of a response's `errors`. What
does not: HTTP (`http`). Prefect 1.4.1's client acts on some of these words: `VERSION_LOCKING_ERROR`
becomes its `VersionLockMismatchSignal`, `UNAUTHENTICATED` its `AuthorizationError`, it tries again
after `API_ERROR`, takes "Uniqueness violation." for "there is such a project", and its agent takes
"State update failed" for "another agent was quicker".
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from typing import Any

from graphql import GraphQLError

from prefect_results.exceptions import (
    PrefectError,
    RecordExists,
    RecordNotFound,
    StoreError,
    StoreUnavailable,
    VersionConflict,
)

logger = logging.getLogger("prefect_results.server")

Path = Sequence[str | int]
Entry = dict[str, Any]


class RequestRefused(PrefectError, ValueError):
    """A request that cannot be served as it is; its message is meant for the caller.

    Args:
        message: What is wrong with it and what to do.
        code: A word for programs.
    """

    def __init__(self, message: str, code: str = "BAD_USER_INPUT") -> None:
        super().__init__(message)
        self.code = code


def entry(message: str, code: str, path: Path | None = None) -> Entry:
    """Return an entry for a response's `errors`."""
    told: Entry = {"message": message}
    if path is not None:
        told["path"] = list(path)
    told["extensions"] = {"code": code}
    return told


def from_exception(exc: BaseException, path: Path | None = None) -> Entry:
    """Return the entry for an exception; what the caller cannot act on is only logged."""
    if isinstance(exc, RequestRefused):
        return entry(str(exc), exc.code, path)
    if isinstance(exc, GraphQLError):
        return entry(exc.message, "BAD_USER_INPUT", path)
    if isinstance(exc, VersionConflict):
        return entry(f"State update failed: {exc}", "VERSION_LOCKING_ERROR", path)
    if isinstance(exc, RecordExists):
        return entry("Uniqueness violation.", "UNIQUENESS_VIOLATION", path)
    if isinstance(exc, RecordNotFound):
        # With a cause, the words are those of the database.
        words = "a record that was named does not exist" if exc.__cause__ else exc.args[0]
        return entry(f"Not found: {words}", "NOT_FOUND", path)
    if isinstance(exc, StoreUnavailable):
        logger.error("The run store is not available: %s", exc)
        return entry("The run store is not available now; try again.", "API_ERROR", path)
    if isinstance(exc, ValueError) and not isinstance(exc, StoreError):
        return entry(str(exc), "BAD_USER_INPUT", path)
    reference = uuid.uuid4().hex[:12]
    logger.error("Unexpected error %s while serving a request", reference, exc_info=exc)
    return entry(
        f"Something went wrong in the server; its log says what, under {reference}.",
        "INTERNAL_SERVER_ERROR",
        path,
    )
