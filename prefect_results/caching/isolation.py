"""How runs that want the same cached value at once are kept apart.

Not here: the locks that do it (`caching.locks`), and where the engine takes them.
"""

from __future__ import annotations

import enum
from typing import Any

from prefect_results.exceptions import ConfigurationError


class IsolationLevel(str, enum.Enum):
    """What concurrent runs see of each other's cached values (the words are Prefect 3's).

    Attributes:
        READ_COMMITTED: each run looks once, and computes what is not there: the same value may be
            computed several times at once. Prefect 1.4.1's behaviour.
        SERIALIZABLE: one run computes, the others wait for it and read what it made.
    """

    READ_COMMITTED = "read_committed"
    SERIALIZABLE = "serializable"

    __str__ = str.__str__


def isolation_level(given: Any) -> IsolationLevel:
    """The level that is meant by a member, or by its name in any case.

    Raises:
        ConfigurationError: if there is no such level.
    """
    try:
        return IsolationLevel(str(given).lower())
    except ValueError:
        names = " or ".join(repr(level.value) for level in IsolationLevel)
        raise ConfigurationError(f"A cache_isolation_level is {names}, not {given!r}") from None
