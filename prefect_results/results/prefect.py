"""Results that are JSON text inside their state.

Not here: results that keep bytes anywhere.
"""

from __future__ import annotations

from typing import Any, TypeVar

from prefect_results.results.base import Result
from prefect_results.results.errors import unreadable, unserializable
from prefect_results.results.registry import register_result_type
from prefect_results.serializers import JSONSerializer, Serializer

P = TypeVar("P", bound="PrefectResult")


@register_result_type
class PrefectResult(Result):
    """Keeps a value as JSON text in its own `location`, which needs no storage (Prefect 1.4.1).

    Args:
        **kwargs: of `Result`; the serializer is `JSONSerializer()` by default.

    Raises:
        TypeError: if the serializer is neither a JSONSerializer nor a DateTimeSerializer.
    """

    __slots__ = ()

    _default_serializer = JSONSerializer()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        _check(self.serializer)

    def read(self: P, location: str) -> P:
        """Return a result with the value of a text.

        Args:
            location: what the serializer made of the value.

        Raises:
            Corrupt, DeserializationError: if the text is not that.
        """
        try:
            value = self.serializer.deserialize(location.encode())
        except Exception as exc:
            raise unreadable(exc, self.serializer, type(self).__name__, location) from exc
        return self._replace(value=value, location=location, serialized=False, _stored=True)

    def write(self: P, value_: Any, **kwargs: Any) -> P:
        """Return a result with a value and its text as the location.

        Args:
            value_: the value.
            **kwargs: not used.

        Raises:
            SerializationError: if the serializer cannot handle the value; also a `TypeError`
                where the serializer raised one.
        """
        try:
            text = self.serializer.serialize(value_).decode()
        except Exception as exc:
            raise unserializable(exc, value_, self.serializer, type(self).__name__, None) from exc
        return self._replace(value=value_, location=text, serialized=False, _stored=True)

    def exists(self, location: str, **kwargs: Any) -> bool:
        """Whether a text is one that the serializer reads.

        Args:
            location: the text.
            **kwargs: not used.
        """
        try:
            self.serializer.deserialize(location.encode())
        except Exception:
            return False
        return True

    @classmethod
    def revive(
        cls: type[P],
        value: Any = None,
        location: str | None = None,
        serializer: Serializer | None = None,
        *,
        serialized: bool = True,
        **fields: Any,
    ) -> P:
        """Make a result of its wire form; a serializer that does not fit becomes the default."""
        if serializer is not None and not _fits(serializer):
            serializer = None
        return super().revive(value, location, serializer, serialized=serialized, **fields)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "serializer":
            _check(value)
        super().__setattr__(name, value)


def _fits(serializer: Serializer) -> bool:
    if isinstance(serializer, JSONSerializer):
        return True
    from prefect_results.serializers import DateTimeSerializer

    return isinstance(serializer, DateTimeSerializer)


def _check(serializer: Serializer) -> None:
    if not _fits(serializer):
        raise TypeError("PrefectResult only supports JSONSerializer or DateTimeSerializer")
