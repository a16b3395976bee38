"""The result of what has not run yet.

Not here: results whose value is None; something ran, and returned it.
"""

from __future__ import annotations

from typing import Any, Final

from prefect_results.results.base import Result


class NoResultType(Result):
    """The type of `NoResult`: nothing has run yet. Not a result whose value is None."""

    __slots__ = ()

    def __new__(cls, *args: Any, **kwargs: Any) -> NoResultType:
        return _no_result[0] if _no_result else super().__new__(cls)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if not _no_result:
            super().__init__()

    def copy(self) -> NoResultType:
        """This one; there is no other."""
        return self

    def from_value(self, value: Any) -> Result:  # type: ignore[override]
        """A `Result` of the value."""
        return Result(value)

    def serialize(self) -> NoResultType:
        """This one; there is nothing to serialize."""
        return self

    def deserialize(self) -> NoResultType:
        """This one."""
        return self

    def _replace(self, **changes: Any) -> Result:  # type: ignore[override]
        return Result()._replace(**changes)

    def _seal(self) -> NoResultType:
        return self if type(self) is NoResultType else super()._seal()

    def __setstate__(self, state: Any) -> None:
        # Prefect 1.4.1 pickles it with attributes.
        return None

    def __reduce__(self) -> Any:
        return "NoResult"


_no_result: list[NoResultType] = []
_no_result.append(NoResultType())
NoResult: Final = _no_result[0]
