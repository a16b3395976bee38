"""Connections and transactions: how one database is shared by threads and processes.

What belongs here: the engine, its settings per database, begin and commit, retries, and the
translation of the driver's errors. What does not: any statement about a table (the other modules of
this folder) and the tables' creation (`migrate`).
"""

from __future__ import annotations

import os
import random
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError, NoSuchModuleError

from prefect_results.backend.store.sql.errors import is_busy, translated
from prefect_results.exceptions import (
    ConfigurationError,
    MissingExtra,
    StoreError,
    StoreUnavailable,
)

T = TypeVar("T")

LOCK_TIMEOUT = 60.0
"""Seconds that a writer waits for other writers before it gives up."""

IDLE_LIMIT = 5.0
"""Seconds after which a pooled connection is asked whether it still works before it is used."""

_SQLITE_SETTINGS = (
    "foreign_keys = ON",
    # Safe against the death of a process; a power cut may take the newest transactions.
    "synchronous = NORMAL",
    "cache_size = -16000",
    "journal_size_limit = 67108864",
)

_databases: weakref.WeakSet[Database] = weakref.WeakSet()  # what a forked child must forget


class Database:
    """One database, its pool of connections, and the transaction of each thread.

    SQLite has one writer at a time: within a process a lock orders the writers, between processes
    `BEGIN IMMEDIATE` does, so that a transaction never finds out late that it may not write.
    """

    def __init__(self, url: str) -> None:
        """Prepare to connect.

        Args:
            url: As `open_store` takes it.
        """
        self.url = url
        self._reset()
        self.engine = _engine(url)
        self.dialect = self.engine.dialect.name
        found = self.engine.url
        self.place = found.database or "" if self.dialect == "sqlite" else _without_user(found)
        _databases.add(self)
        # Who drops a store without closing it leaves no connection open.
        weakref.finalize(self, self.engine.dispose)

    def _reset(self) -> None:
        self._local = threading.local()
        self._writing = threading.Lock()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection to read with; that of this thread's transaction if it has one."""
        current = getattr(self._local, "connection", None)
        if current is not None:
            with translated(self.place):
                yield current
            return
        with translated(self.place), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection in a transaction that commits at the end of the block.

        A block inside another of the same thread joins the transaction of the outer one, behind a
        savepoint of its own.
        """
        current: Connection | None = getattr(self._local, "connection", None)
        if current is not None:
            with translated(self.place), current.begin_nested():
                yield current
            return
        with translated(self.place), self._turn(), self.engine.connect() as connection:
            writer = connection.execution_options(prefect_results_write=True)
            with writer.begin():
                self._local.connection = writer
                try:
                    yield writer
                finally:
                    del self._local.connection

    def _turn(self) -> AbstractContextManager[Any]:
        return self._writing if self.dialect == "sqlite" else nullcontext()

    def run(self, work: Callable[[Connection], T]) -> T:
        """Do some work in a transaction, again if the database asks for that.

        Args:
            work: What to do with a connection. It may be called several times, each time with all
                it did before undone.
        """
        deadline = time.monotonic() + LOCK_TIMEOUT
        attempt = 0
        while True:
            try:
                with self.write() as connection:
                    return work(connection)
            except StoreError as exc:
                joined = getattr(self._local, "connection", None) is not None
                if joined or not is_busy(exc.__cause__) or time.monotonic() > deadline:
                    raise
            attempt += 1
            time.sleep(random.uniform(0, min(0.001 * 2**attempt, 0.1)))

    def dispose(self) -> None:
        """Close the pooled connections."""
        self.engine.dispose()

    def forget(self) -> None:
        """Drop what a forked child must not share with its parent, without closing it."""
        self._reset()
        self.engine.dispose(close=False)


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            return _sqlite(parsed)
        parsed = parsed.set(drivername="postgresql+psycopg")
        return _postgresql(parsed)
    except (ArgumentError, NoSuchModuleError) as exc:
        raise ConfigurationError(
            "not a URL of a run store: expected sqlite:///FILE or "
            "postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
        ) from exc
    except ImportError as exc:
        raise MissingExtra(package="psycopg", extra="postgres") from exc


def _without_user(url: URL) -> str:
    return f"{url.host or ''}{f':{url.port}' if url.port else ''}/{url.database or ''}"


def _postgresql(url: URL) -> Engine:
    from psycopg.types.string import TextLoader

    engine = create_engine(url, pool_size=5, max_overflow=50, isolation_level="AUTOCOMMIT")
    event.listen(engine, "begin", _begun)

    @event.listens_for(engine, "connect")
    def connected(connection: Any, record: Any) -> None:
        # Moments come back in UTC and ids as text, and need no conversion.
        connection.adapters.register_loader("uuid", TextLoader)
        connection.execute("SET TIME ZONE 'UTC'")
        connection.commit()

    @event.listens_for(engine, "checkin")
    def rested(connection: Any, record: Any) -> None:
        record.info["rested"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def taken(connection: Any, record: Any, proxy: Any) -> None:
        # A question to the server each time would take as long as what is asked for.
        if time.monotonic() - record.info.get("rested", 0.0) < IDLE_LIMIT:
            return
        try:
            alive = engine.dialect.do_ping(connection)
        except engine.dialect.dbapi.Error as exc:  # type: ignore[union-attr]
            raise DisconnectionError from exc
        if not alive:
            raise DisconnectionError

    return engine


def _sqlite(url: URL) -> Engine:
    path = url.database
    if not path or path == ":memory:":
        raise ConfigurationError(
            "a run store in memory could not be seen by another process; name a file"
        )
    try:
        _make_file(path)
    except OSError as exc:
        raise StoreUnavailable(
            f"the run store {path} cannot be created: {exc.strerror or exc}; set "
            "PREFECT__STORE__URL, or url under [store] in the configuration, to a file that this "
            "process may write"
        ) from exc
    engine = create_engine(
        url.set(drivername="sqlite+pysqlite"),
        connect_args={"timeout": LOCK_TIMEOUT, "check_same_thread": False},
        pool_size=5,
        max_overflow=50,
    )
    event.listen(engine, "connect", _sqlite_connected)
    event.listen(engine, "begin", _begun)
    return engine


def _make_file(path: str) -> None:
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    # Parameters and logs are nobody else's business; SQLite's other files take over the mode.
    # Only a new file is opened: closing one that a connection of this process has open would drop
    # that connection's locks, and another process would take itself for the last user of the log.
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        pass


def _sqlite_connected(connection: sqlite3.Connection, record: Any) -> None:
    connection.isolation_level = None  # transactions begin where we say so
    try:
        for setting in _SQLITE_SETTINGS:
            connection.execute(f"PRAGMA {setting}")
    except BaseException:
        connection.close()
        raise


def _begun(connection: Connection) -> None:
    # Only writers need a transaction: a read is one statement, or does not mind.
    if connection.get_execution_options().get("prefect_results_write"):
        immediate = " IMMEDIATE" if connection.dialect.name == "sqlite" else ""
        connection.exec_driver_sql(f"BEGIN{immediate}")


def _before_fork() -> None:
    # SQLite keeps the locks of each file in the process: a child would believe that it has those
    # of its parent. Of what is closed it inherits nothing.
    for database in list(_databases):
        if database.dialect == "sqlite":
            database.dispose()


def _after_fork() -> None:
    for database in list(_databases):
        database.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_child=_after_fork)
