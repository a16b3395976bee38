"""Reading data of which nobody wrote down how it was serialized.

Not here: formats themselves; each has a serializer of its own.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from importlib import import_module
from typing import Any

from prefect_results.exceptions import MissingExtra
from prefect_results.serializers import buffers
from prefect_results.serializers.base import register_serializer
from prefect_results.serializers.pickle import PickleSerializer

# How compressed data starts, and the module that undoes it.
_COMPRESSIONS = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\x00", "lzma"),
    (b"\x78\x01", "zlib"),
    (b"\x78\x5e", "zlib"),
    (b"\x78\x9c", "zlib"),
    (b"\x78\xda", "zlib"),
)
_FRAMES = ((b"PAR1", "read_parquet"), (b"ARROW1", "read_feather"))


@register_serializer
class DetectSerializer(PickleSerializer):
    """Writes pickles, and reads whatever the data looks like.

    States of Prefect 0.5 to 1.4 did not say which serializer their results had: data that starts
    as a pickle does (plain, or as the base64 text of the result handlers of 0.5 to 0.10), as gzip,
    bz2, xz or zlib, as Parquet or Feather, as JSON or as a date is read as that.
    """

    def deserialize(self, value: bytes) -> Any:
        """Turn data into a value by what it looks like.

        Raises:
            Exception: what the format's reader raises; that of a pickle where nothing fits.
        """
        head = bytes(value[:8])
        if head[:1] in (b"\x80", buffers.MAGIC[:1]):
            return super().deserialize(value)
        for magic, name in _COMPRESSIONS:
            if head.startswith(magic):
                return self.deserialize(import_module(name).decompress(value))
        for magic, reader in _FRAMES:
            if head.startswith(magic):
                return _frame(value, reader)
        for read in _TEXTS:
            try:
                return read(value)
            except (ValueError, TypeError, OverflowError):
                continue
        return super().deserialize(value)


def _frame(value: bytes, reader: str) -> Any:
    try:
        import pandas
    except ImportError as exc:
        raise MissingExtra(package="pandas", extra="pandas") from exc
    return getattr(pandas, reader)(io.BytesIO(value))


def _json(value: bytes) -> Any:
    from prefect_results.serializers.json import JSONSerializer

    return JSONSerializer().deserialize(value)


def _date(value: bytes) -> Any:
    if not value[:4].isdigit():
        raise ValueError("no date")
    from prefect_results.serializers.datetime import DateTimeSerializer

    return DateTimeSerializer().deserialize(value)


_TEXTS: tuple[Callable[[bytes], Any], ...] = (_json, _date)
