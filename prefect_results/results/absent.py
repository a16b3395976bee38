"""The result of what has not run yet.

Not here: results whose value is None; something ran, and returned it.
"""

from __future__ import annotations

from typing import Any, Final

from prefect_results.results.base import Result


class NoResultType(Result):
    """The type of `NoResult`: nothing has run yet. Not a result whose value is None.

    Made without arguments it is `NoResult`, the one that states have. With arguments it is another
    one that has them, as in Prefect 1.4.1.
    """

    __slots__ = ()

    def __new__(cls, *args: Any, **kwargs: Any) -> NoResultType:
        if not args and not kwargs and _no_result:
            return _no_result[0]
        return super().__new__(cls)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if args or kwargs or not _no_result:
            super().__init__(*args, **kwargs)

    def copy(self) -> NoResultType:
        """This one; it never changes."""
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

    def __deepcopy__(self, memo: Any) -> NoResultType:
        return self

    def __reduce__(self) -> Any:
        return "NoResult" if self is NoResult else super().__reduce__()


_no_result: list[NoResultType] = []
_no_result.append(NoResultType())
NoResult: Final = _no_result[0]
