"""Data frames in the file formats that pandas knows.

Not here: data frames in pickles.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from prefect_results.exceptions import MissingExtra
from prefect_results.serializers.base import Serializer, register_serializer

if TYPE_CHECKING:
    import pandas as pd


@register_serializer
class PandasSerializer(Serializer):
    """Serializes data frames with `DataFrame.to_<type>` and `pandas.read_<type>` (Prefect 1.4.1).

    Args:
        file_type: such as "csv", "json" or "parquet".
        deserialize_kwargs: keyword arguments of the `read_` function; none by default.
        serialize_kwargs: keyword arguments of the `to_` method; none by default.

    Raises:
        ValueError: if pandas does not read or write that type.
        MissingExtra: if pandas is not installed.
    """

    def __init__(
        self,
        file_type: str,
        deserialize_kwargs: dict[str, Any] | None = None,
        serialize_kwargs: dict[str, Any] | None = None,
    ) -> None:
        self.file_type = file_type
        self.deserialize_kwargs = {} if deserialize_kwargs is None else deserialize_kwargs
        self.serialize_kwargs = {} if serialize_kwargs is None else serialize_kwargs
        self._get_deserialize_method()
        self._get_serialize_method()

    def serialize(self, value: pd.DataFrame) -> bytes:
        """Turn a data frame into the bytes of a file."""
        method = self._get_serialize_method(dataframe=value)
        buffer = io.BytesIO()
        try:
            method(buffer, **self.serialize_kwargs)
        except TypeError:
            # Some formats are text, and their writers take nothing else.
            text = io.StringIO()
            method(text, **self.serialize_kwargs)
            return text.getvalue().encode()
        return buffer.getvalue()

    def deserialize(self, value: bytes) -> pd.DataFrame:
        """Turn the bytes of a file into a data frame."""
        return self._get_deserialize_method()(io.BytesIO(value), **self.deserialize_kwargs)

    def options(self) -> dict[str, Any]:
        """The file type, and the keyword arguments if there are any."""
        options: dict[str, Any] = {"file_type": self.file_type}
        if self.deserialize_kwargs:
            options["deserialize_kwargs"] = self.deserialize_kwargs
        if self.serialize_kwargs:
            options["serialize_kwargs"] = self.serialize_kwargs
        return options

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> PandasSerializer:
        """Make a serializer of a wire form; pandas is imported when a value is read."""
        known = {"file_type", "deserialize_kwargs", "serialize_kwargs"}
        file_type = options.get("file_type")
        if set(options) - known or not isinstance(file_type, str) or not file_type.isidentifier():
            raise TypeError(f"expected {sorted(known)}, got {options!r:.200}")
        new = cls.__new__(cls)
        new.file_type = file_type
        new.deserialize_kwargs = dict(options.get("deserialize_kwargs") or {})
        new.serialize_kwargs = dict(options.get("serialize_kwargs") or {})
        return new

    def _get_deserialize_method(self) -> Callable[..., Any]:
        pandas = _pandas()
        try:
            method: Callable[..., Any] = getattr(pandas, f"read_{self.file_type}")
        except AttributeError as exc:
            raise ValueError(
                f"Could not find deserialization methods for {self.file_type}"
            ) from exc
        return method

    def _get_serialize_method(self, dataframe: pd.DataFrame | None = None) -> Callable[..., Any]:
        frame = _pandas().DataFrame() if dataframe is None else dataframe
        try:
            method: Callable[..., Any] = getattr(frame, f"to_{self.file_type}")
        except AttributeError as exc:
            raise ValueError(f"Could not find serialization methods for {self.file_type}") from exc
        return method


def _pandas() -> Any:
    try:
        import pandas
    except ImportError as exc:
        raise MissingExtra(package="pandas", extra="pandas") from exc
    return pandas
