"""The one place where SQLAlchemy's and the drivers' errors become ours.

What belongs here: telling which error of a driver means what. What does not: words about a record;
the functions that look for one say themselves that it is missing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import (
    DatabaseError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    StatementError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from prefect_results.exceptions import (
    RecordExists,
    RecordNotFound,
    StoreError,
    StoreSchemaError,
    StoreUnavailable,
)

_BUSY = ("database is locked", "database table is locked", "database schema is locked")
# Serialization failure, deadlock, lock not available.
_RETRY_STATES = frozenset({"40001", "40P01", "55P03"})
_FOREIGN_KEY_STATE = "23503"


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Raise our error for what SQLAlchemy raises inside the block.

    Args:
        place: Where the run store is, for messages.

    Raises:
        RecordExists: A name or id is taken.
        RecordNotFound: A row names another one that is not there.
        StoreUnavailable: The database is locked or cannot be reached.
        StoreSchemaError: The file is not a database.
        StoreError: Anything else that the database did not accept.
    """
    try:
        yield
    except IntegrityError as exc:
        if _is_dangling(exc):
            raise RecordNotFound(f"a record that was named does not exist: {exc.orig}") from exc
        raise RecordExists(f"there is such a record already: {exc.orig}") from exc
    except (OperationalError, InterfaceError) as exc:
        raise StoreUnavailable(f"the run store at {place} cannot be used: {exc.orig}") from exc
    except PoolTimeout as exc:
        raise StoreUnavailable(f"the run store at {place} has no free connection: {exc}") from exc
    except DatabaseError as exc:
        raise StoreError(f"the database did not accept a statement: {exc.orig}") from exc
    except sqlite3.OperationalError as exc:
        raise StoreUnavailable(f"the run store at {place} cannot be used: {exc}") from exc
    except sqlite3.DatabaseError as exc:
        # While it connects: the driver reads the file before SQLAlchemy wraps errors.
        raise StoreSchemaError(f"{place} is no run store, or damaged: {exc}") from exc
    except StatementError as exc:
        # A value that a column type refused, before the database saw it.
        if isinstance(exc.orig, (TypeError, ValueError)):
            raise exc.orig from exc
        raise


def _is_dangling(exc: IntegrityError) -> bool:
    state = getattr(exc.orig, "sqlstate", None)
    return state == _FOREIGN_KEY_STATE or "FOREIGN KEY" in str(exc.orig)


def is_busy(exc: BaseException | None) -> bool:
    """Whether the same transaction may succeed when it is tried again."""
    if not isinstance(exc, DBAPIError):
        return False
    state = getattr(exc.orig, "sqlstate", None)
    return state in _RETRY_STATES or any(words in str(exc.orig) for words in _BUSY)
