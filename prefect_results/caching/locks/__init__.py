"""Locks for cached values: of threads, processes and machines that share a storage."""

from __future__ import annotations

from prefect_results.caching.locks.base import LockManager
from prefect_results.caching.locks.memory import MemoryLockManager
from prefect_results.caching.locks.names import is_lock
from prefect_results.caching.locks.storage import StorageLockManager

__all__ = ["LockManager", "MemoryLockManager", "StorageLockManager", "is_lock"]
