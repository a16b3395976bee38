"""Whether runs that want the same value keep out of each other's way, and for how long they wait.

Not here: how they do it; see `single_flight`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from prefect_results.caching.isolation import IsolationLevel, isolation_level
from prefect_results.configuration import config
from prefect_results.context import context as ambient

if TYPE_CHECKING:
    from prefect_results.core import Task


class Isolation(NamedTuple):
    """What the configuration says.

    Attributes:
        level: for tasks that do not say it themselves.
        lease: seconds without a sign of life after which a lock is taken over.
        timeout: seconds that a run waits for another one; None for no limit.
    """

    level: IsolationLevel
    lease: float
    timeout: float | None


def configured() -> Isolation:
    """The settings of the run, or the global ones; `cache_isolation_level` of the context first."""
    try:
        section = ambient.current()["config"]["caching"]
    except KeyError:
        section = config.caching
    level = ambient.get("cache_isolation_level") or section["isolation_level"]
    timeout = section["lock_acquire_timeout"]
    return Isolation(
        isolation_level(level), float(section["lock_lease"]), float(timeout) if timeout else None
    )


def is_computed_once(task: Task) -> bool:
    """Whether a value of a task that several runs want at once is computed by one of them."""
    if not task.target and task.cache_for is None:
        return False
    own = task.cache_isolation_level
    level = configured().level if own is None else own
    return level is IsolationLevel.SERIALIZABLE
