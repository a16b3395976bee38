"""Comparison of values of any type that always answers and never raises.

Not here: what makes two states or two results equal; they ask this module about their parts.
"""

from __future__ import annotations

from typing import Any


def same_value(left: Any, right: Any) -> bool:
    """Tells whether two values are equal, whatever they are.

    Arrays and data frames are equal when their shapes and all their elements are; containers
    that hold them are compared item by item. A comparison that fails counts as "not equal".

    Args:
        left: any value.
        right: any value.

    Returns:
        Always a plain bool. Never raises.
    """
    if left is right:
        return True
    try:
        verdict = left == right
        if verdict is True or verdict is False:
            return verdict
        if getattr(left, "shape", None) != getattr(right, "shape", None):
            return False
        if type(left) is type(right) and callable(getattr(left, "equals", None)):
            return bool(left.equals(right))
        return bool(verdict.all()) if hasattr(verdict, "all") else bool(verdict)
    except Exception:
        return _same_items(left, right)


def _same_items(left: Any, right: Any) -> bool:
    """Compares containers item by item, for items whose own `==` gives no plain answer."""
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
