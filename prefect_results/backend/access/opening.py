"""Which access a view gets: what it was given, or what the configuration names.

What belongs here: choosing. What does not: opening a store (`store.open_store`) and HTTP
(`client`).
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

from prefect_results.backend.access.port import RunAccess
from prefect_results.backend.access.stored import StoredRuns
from prefect_results.backend.store import RunStore, default_url, open_store
from prefect_results.backend.store.opening import sqlite_url
from prefect_results.configuration import config

if TYPE_CHECKING:
    from typing import TypeAlias

    from prefect_results.backend.client import Client

    Source: TypeAlias = RunAccess | RunStore | Client | str | os.PathLike[str] | None
else:
    Source = Any

_opened: dict[str, RunAccess] = {}
_lock = threading.Lock()


def configured_url() -> str:
    """Return where runs are when nothing else is said: the URL of a store, or of an API.

    That is the key `url` of the configuration's section `store`, which may also be the URL of an
    API; else the API of the section `server` if `backend` is `"server"`, as it says for a legacy
    Prefect Server; else the run store in the home folder.
    """
    configured = config.get("store", {}).get("url")
    if not configured and config.get("backend") == "server":
        return str(config.cloud.api)
    return default_url()


def is_api(url: str) -> bool:
    """Return whether a URL is that of an API."""
    return url.startswith(("http://", "https://"))


def open_access(source: Source = None) -> RunAccess:
    """Return the access to recorded runs.

    Args:
        source: A run store, a `Client`, the URL of either (`sqlite:///...`, `postgresql://...`,
            `http://...`), the path of an SQLite file, or an access. None means the configured one;
            see `configured_url`. What is opened by URL is opened once in a process.

    Raises:
        ConfigurationError, MissingExtra, StoreError: The store cannot be opened.
        TypeError: `source` is something else.
    """
    if isinstance(source, RunAccess):
        return source
    if isinstance(source, RunStore):
        return StoredRuns(source)
    if source is None:
        return _open_url(configured_url())
    if isinstance(source, (str, os.PathLike)):
        text = os.fspath(source)
        return _open_url(text if "://" in text else sqlite_url(text))
    from prefect_results.backend.client import Client

    if isinstance(source, Client):
        from prefect_results.backend.access.remote import RemoteRuns

        return RemoteRuns(source)
    raise TypeError(
        f"expected a run store, a Client or a URL to read recorded runs from, got {source!r}"
    )


def _open_url(url: str) -> RunAccess:
    with _lock:
        found = _opened.get(url)
        if found is None:
            found = _opened[url] = _new(url)
        return found


def _new(url: str) -> RunAccess:
    if is_api(url):
        from prefect_results.backend.access.remote import RemoteRuns
        from prefect_results.backend.client import Client

        return RemoteRuns(Client(url))
    return StoredRuns(open_store(url))


def _after_fork() -> None:
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
