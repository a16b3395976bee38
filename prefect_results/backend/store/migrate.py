"""Bringing the tables up to date, safely when many processes do so at once.

What belongs here: which migrations a database has had, and applying the others. What does not: the
migrations (`migrations/versions`) and what the tables are in the end (`schema`). A database is
migrated and the migration recorded in one transaction, behind a lock: who comes second finds the
work done, and a killed process leaves what was there before.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect, text

from prefect_results.backend.store.schema import REVISION
from prefect_results.backend.store.sql.database import LOCK_TIMEOUT, Database
from prefect_results.backend.store.sql.errors import translated
from prefect_results.exceptions import MissingExtra, StoreSchemaError, StoreUnavailable

VERSION_TABLE = "prefect_results_schema"
"""Where the newest applied migration is recorded; not Alembic's default, which a user may have."""

_ADVISORY_LOCK = 0x7072_6566_7265_73
_alembic = threading.Lock()  # Alembic keeps what it works on in module globals


def applied(connection: Connection) -> str | None:
    """Return the newest migration that a database has had, or None."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()
    return None if found is None else str(found)


def pending(connection: Connection) -> list[str]:
    """Return the migrations that a database still needs, in order, without touching it.

    Raises:
        StoreSchemaError: A newer release made the database.
    """
    current = applied(connection)
    if current == REVISION:
        return []
    with _alembic:
        scripts = _scripts()
        known = [script.revision for script in scripts.walk_revisions()][::-1]
    if current is not None and current not in known:
        raise StoreSchemaError(
            f"the run store is at migration {current!r}, which this release does not know (it "
            f"knows up to {REVISION!r}): use the release that made it, or a newer one"
        )
    return known[known.index(current) + 1 :] if current else known


def ensure(database: Database) -> None:
    """Create the tables, or apply the migrations that are missing.

    Raises:
        StoreSchemaError: A newer release made the database.
        StoreUnavailable: The database cannot be reached or stays locked.
    """
    if database.dialect == "sqlite":
        _switch_to_wal(database)
    with database.read() as connection:
        if not pending(connection):
            return

    def upgrade(connection: Connection) -> None:
        if database.dialect == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        if pending(connection):
            with _alembic:
                _upgrade(connection)

    database.run(upgrade)


def _switch_to_wal(database: Database) -> None:
    # The switch is kept in the file, and SQLite does not wait for its turn to make it.
    deadline = time.monotonic() + LOCK_TIMEOUT
    with translated(database.place):
        raw = database.engine.raw_connection()
        try:
            while True:
                try:
                    if _journal(raw, "") == "wal" or _journal(raw, " = wal") == "wal":
                        return
                    raise StoreUnavailable(
                        f"the file system of {database.engine.url.database!r} cannot hold a run "
                        "store: SQLite's write-ahead log does not work there; use a local disk"
                    )
                except sqlite3.OperationalError as exc:
                    if "locked" not in str(exc) or time.monotonic() > deadline:
                        raise StoreUnavailable(
                            f"the run store at {database.place} cannot be used: {exc}"
                        ) from exc
                    time.sleep(0.01)
        finally:
            raw.close()


def _journal(raw: Any, value: str) -> str:
    cursor = raw.cursor()
    try:
        if value:
            cursor.execute("PRAGMA page_size = 8192")  # counts only while the file is empty
        return str(cursor.execute(f"PRAGMA journal_mode{value}").fetchone()[0])
    finally:
        cursor.close()


def _config() -> Any:
    try:
        from alembic.config import Config
    except ImportError as exc:
        raise MissingExtra(package="alembic", extra="backend") from exc
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _scripts() -> Any:
    config = _config()
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(config)


def _upgrade(connection: Connection, revision: str = "head") -> None:
    config = _config()
    config.attributes["connection"] = connection
    from alembic import command

    command.upgrade(config, revision)
