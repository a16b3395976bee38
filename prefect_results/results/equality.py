"""Comparison of values of any type that always answers and never raises.

Not here: what makes two results or two states equal; they ask this module about their parts.
"""

from __future__ import annotations

from typing import Any


def same_value(left: Any, right: Any) -> bool:
    """Whether two values are equal, whatever they are.

    Identity decides first, then `==`. Arrays and data frames are equal when type, shape and all
    elements are; containers that hold such are compared item by item. A comparison that fails
    counts as "not equal".

    Args:
        left: any value.
        right: any value.

    Returns:
        Always a plain bool; never raises.
    """
    if left is right:
        return True
    try:
        verdict = left == right
        if verdict is True or verdict is False:
            return verdict
        if type(left) is not type(right):
            return False
        if callable(getattr(left, "equals", None)):
            return bool(left.equals(right))
        if getattr(left, "shape", None) != getattr(right, "shape", None):
            return False
        return bool(verdict.all()) if hasattr(verdict, "all") else bool(verdict)
    except Exception:
        return _same_items(left, right)


def _same_items(left: Any, right: Any) -> bool:
    """Compare containers item by item, for items whose own `==` gives no plain answer."""
    try:
        if type(left) is not type(right) or len(left) != len(right):
            return False
        if isinstance(left, dict):
            return all(key in right and same_value(left[key], right[key]) for key in left)
        if isinstance(left, (list, tuple)):
            return all(map(same_value, left, right))
    except Exception:
        return False
    return False
