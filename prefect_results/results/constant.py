"""Results of constants.

Not here: the task that gives a constant to others; see `prefect_results.tasks`.
"""

from __future__ import annotations

from typing import Any, TypeVar

from prefect_results.results import inline
from prefect_results.results.base import Result
from prefect_results.results.registry import register_result_type

C = TypeVar("C", bound="ConstantResult")


@register_result_type
class ConstantResult(Result):
    """Keeps a constant; it is its own storage (Prefect 1.4.1). Its wire form has the value inline.

    Args:
        **kwargs: of `Result`, but for the serializer.

    Raises:
        ValueError: if there is a serializer among them.
    """

    __slots__ = ()

    def __init__(self, **kwargs: Any) -> None:
        if "serializer" in kwargs:
            raise ValueError("Can't pass a serializer to a ConstantResult.")
        super().__init__(**kwargs)

    def read(self: C, location: str) -> C:
        """Return this result, whatever the location."""
        return self

    def write(self: C, value_: Any, **kwargs: Any) -> C:
        """Raise `ValueError`: a constant is not written."""
        raise ValueError("Cannot write values to `ConstantResult` types.")

    def exists(self, location: str, **kwargs: Any) -> bool:
        """Return True: a constant is always there."""
        return True

    def _serialize_value(self: C) -> C:
        value = inline.encode(self.value, self.serializer, type(self).__name__)
        return self._replace(value=value, serialized=True)
