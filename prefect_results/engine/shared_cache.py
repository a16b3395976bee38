"""Where runs that share a cache meet: its locks, and the cached states that others can read.

The locks of a target lie beside it. Those of a cache key, and the cached state, lie at the root of
the storage that the result's values go to; in the folder `caches` of the configuration's home if
the result has no storage. Not here: when they are used; see `single_flight`.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from typing import TYPE_CHECKING, Any

from prefect_results.caching.locks import MemoryLockManager, StorageLockManager
from prefect_results.caching.validators import what_counts
from prefect_results.configuration import config
from prefect_results.exceptions import NotFound, PrefectError
from prefect_results.filesystems import FileSystem, LocalFileSystem
from prefect_results.results import StoredResult
from prefect_results.states import Cached, State

if TYPE_CHECKING:
    import logging
    from collections.abc import Mapping

    from prefect_results.core import Task
    from prefect_results.results import Result

CACHE_PREFIX = ".prefect-cache-"
# Managers that are kept although nothing is locked by them.
MOST_MANAGERS = 256

threads = MemoryLockManager()
_managers: dict[tuple[FileSystem, float], StorageLockManager] = {}
_mutex = threading.Lock()


def _forget() -> None:
    """In a forked process: the threads that hold locks are not there."""
    global _mutex
    _mutex = threading.Lock()
    threads.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def manager_of(filesystem: FileSystem, lease: float) -> StorageLockManager:
    """The locks of a filesystem, in this process."""
    with _mutex:
        manager = _managers.get((filesystem, lease))
        if manager is None:
            if len(_managers) >= MOST_MANAGERS:
                for name in [name for name, known in _managers.items() if not known.holds_any]:
                    del _managers[name]
            manager = _managers[filesystem, lease] = StorageLockManager(filesystem, lease)
        return manager


def lock_of(result: Result, location: str, lease: float) -> tuple[StorageLockManager, str]:
    """The lock of the value at a location of a result, beside it where that is possible.

    Args:
        result: which is to be at the location.
        location: filled.
        lease: in seconds.
    """
    if isinstance(result, StoredResult):
        filesystem, name = result._place(location, result.location)
        return manager_of(filesystem, lease), name
    digest = _digest(f"{type(result).__qualname__} {location}")
    return manager_of(_own_folder(), lease), digest


def key_of(task: Task, inputs: Mapping[str, Any], parameters: Any) -> str | None:
    """What names a task's cached value for the runs that it serves; None if it serves no other.

    Args:
        task: says under which name, and what of inputs and parameters counts.
        inputs: values of the inputs.
        parameters: of the flow run.
    """
    counts = what_counts(task.cache_validator, inputs, parameters)
    return None if counts is None else f"{task.cache_key or task.name} {counts}".rstrip()


class Place:
    """Where the cached state of a key is kept for other processes.

    Args:
        filesystem: on which storage.
        key: of the cache.
        result: reads the value.
    """

    def __init__(self, filesystem: FileSystem, key: str, result: Result) -> None:
        self.filesystem = filesystem
        self.location = f"{CACHE_PREFIX}{_digest(key)}"
        self._result = result

    @classmethod
    def of(cls, result: Result, key: str) -> Place:
        """The place of a key, for values that go where a result says."""
        if isinstance(result, StoredResult):
            return cls(result.filesystem, key, result)
        return cls(_own_folder(), key, result)

    def get(self, name: str, logger: logging.Logger) -> Cached | None:
        """The cached state, not yet loaded; None if there is none, or none that can be read."""
        try:
            state = State.deserialize(json.loads(self.filesystem.get(self.location))["state"])
        except NotFound:
            return None
        except (PrefectError, ValueError, TypeError, KeyError) as exc:
            logger.warning(
                f"Task '{name}': The cached state at {self.location} cannot be used: {exc}"
            )
            return None
        if not isinstance(state, Cached):
            return None
        own = self._result
        if isinstance(own, StoredResult) and own._far and state._result.location is not None:
            # What leads to the storage, credentials say, is not in the state.
            state._result = own._replace(
                location=state._result.location, _formatter=None, serialized=True, _stored=True
            )
        return state

    def put(self, state: State, name: str, logger: logging.Logger) -> None:
        """Keep a cached state, instead of the one that is there."""
        try:
            expiration = getattr(state, "cached_result_expiration", None)
            # The metadata come first, where those look who purge what has expired.
            form = {
                "metadata": {"expiration": expiration and expiration.isoformat()},
                "state": state.serialize(),
            }
            self.filesystem.put(self.location, json.dumps(form).encode())
        except (PrefectError, ValueError, TypeError) as exc:
            logger.warning(
                f"Task '{name}': The cached value cannot be shared with other processes: {exc}"
            )


def _own_folder() -> LocalFileSystem:
    return LocalFileSystem(os.path.join(config.home_dir, "caches"))


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
