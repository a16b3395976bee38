"""How much memory a value takes, about; what schedulers and limits go by."""

from __future__ import annotations

import sys
from itertools import islice
from typing import Any

# How many members of a collection are looked at, and how deep.
_SAMPLE = 20
_DEPTH = 3


def size_of(value: Any, depth: int = _DEPTH) -> int:
    """The size of a value in bytes: that of arrays and tables, and of what collections hold.

    Of a large collection some members stand for all. Never raises.

    Args:
        value: any object.
        depth: how many levels of collections in collections are looked into.
    """
    kind = type(value)
    try:
        if kind in (list, tuple, set, frozenset) or kind is dict:
            own = sys.getsizeof(value)
            if not depth or not value:
                return own
            count = len(value)
            members = islice(value.items() if kind is dict else value, _SAMPLE)
            seen = [size_of(member, depth - 1) for member in members]
            return own + sum(seen) * count // len(seen)
        nbytes = getattr(value, "nbytes", None)
        if isinstance(nbytes, int):
            return nbytes + 100
        return sys.getsizeof(value, 64)
    except Exception:
        return 64
