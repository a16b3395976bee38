"""Clients of vendors: one in each process for all that was given the same settings.

Not here: how one is made; each vendor has a module of its own.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Hashable
from typing import Any

# Clients by process and by what they were made of: results make a filesystem for each use.
_clients: dict[Hashable, Any] = {}
_lock = threading.Lock()
# A bound, for processes that go through many credentials.
_MOST = 64


def shared(settings: Hashable, make: Callable[[], Any]) -> Any:
    """Return the client of this process for some settings.

    Args:
        settings: what it is made of.
        make: makes it, on first use.
    """
    key = (os.getpid(), settings)
    client = _clients.get(key)
    if client is None:
        with _lock:
            client = _clients.get(key)
            if client is None:
                if len(_clients) >= _MOST:
                    _clients.clear()
                client = _clients[key] = make()
    return client


def hashable(value: Any) -> Hashable:
    """Something that is equal for equal settings, whatever these are made of."""
    if isinstance(value, dict):
        return tuple((key, hashable(item)) for key, item in sorted(value.items()))
    if isinstance(value, (list, tuple)):
        return tuple(map(hashable, value))
    try:
        hash(value)
    except TypeError:
        return id(value)
    return value  # type: ignore[no-any-return]
