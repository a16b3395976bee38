"""Which store a URL means, and which URL is meant when none is given.

What belongs here: URLs. What does not: connecting (`sql.database`).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from prefect_results.configuration import config
from prefect_results.exceptions import ConfigurationError, MissingExtra

if TYPE_CHECKING:
    from prefect_results.backend.store.port import RunStore

FILE_NAME = "prefect_results.db"


def default_url() -> str:
    """Return the URL of the configured store.

    That is the key `url` of the configuration's section `store` (`PREFECT__STORE__URL`), by
    default an SQLite file in the home folder.
    """
    configured = config.get("store", {}).get("url")
    if configured:
        return str(configured)
    home = config.get("home_dir") or "~/.prefect"
    return sqlite_url(Path(home).expanduser() / FILE_NAME)


def sqlite_url(path: str | os.PathLike[str]) -> str:
    """Return the URL of a store in an SQLite file."""
    return f"sqlite:///{os.path.abspath(path)}"


def open_store(url: str | os.PathLike[str] | None = None) -> RunStore:
    """Open a run store, creating it or bringing its tables up to date if need be.

    Args:
        url: `sqlite:///FILE`, `postgresql://USER:PASSWORD@HOST:PORT/DATABASE`, the path of an
            SQLite file, or None for `default_url()`. Any process may open any store at any time;
            the first one creates it, the others wait for that.

    Raises:
        ConfigurationError: The URL is none of these.
        MissingExtra: SQLAlchemy, Alembic or the driver is not installed.
        StoreUnavailable: The database cannot be reached.
        StoreSchemaError: The store was made by a newer release.
    """
    if url is None:
        url = default_url()
    text = os.fspath(url)
    scheme, separator, _ = text.partition("://")
    if not separator:
        text = sqlite_url(text)
    elif scheme.split("+")[0] not in ("sqlite", "postgresql", "postgres"):
        raise ConfigurationError(
            f"a run store cannot be opened from a URL that starts with {scheme!r}: expected "
            "sqlite:/// or postgresql://"
        )
    try:
        from prefect_results.backend.store.sql import SqlRunStore
    except ImportError as exc:
        raise MissingExtra(package=exc.name or "sqlalchemy", extra="backend") from exc
    return SqlRunStore(text)
