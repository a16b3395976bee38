"""The task that stands for a constant value."""

from __future__ import annotations

from typing import Any

from prefect_results.core import Task
from prefect_results.core.conversion import register

# Reprs up to this many characters serve as the name.
_LONGEST_NAME = 8


class Constant(Task):
    """A value in a flow's graph; made by a flow where a constant is mapped over, for instance.

    Args:
        value: The value, which is the task's output.
        name: By default the repr of the value, or `Constant[its type]` where that is long.
        **kwargs: Options of `Task`.
    """

    def __init__(self, value: Any, name: str | None = None, **kwargs: Any) -> None:
        self.value = value
        super().__init__(name=_name_for(value) if name is None else name, **kwargs)

    def run(self) -> Any:
        """Return the value."""
        return self.value


def _name_for(value: Any) -> str:
    """Return a short name; a large or broken value is not asked for its repr."""
    kind = type(value)
    large = kind in (str, bytes, list, tuple, set, dict) and len(value) > _LONGEST_NAME
    if not large:
        try:
            name = repr(value)
        except Exception:
            name = ""
        if 0 < len(name) <= _LONGEST_NAME:
            return name
    return f"Constant[{kind.__name__}]"


register(constant=Constant)
