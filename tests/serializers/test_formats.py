"""What is particular about each format, and the names that Prefect 1.4.1 has for it."""

from __future__ import annotations

import base64
import datetime
import gzip
import json
import lzma
import sys
import types
import zlib
from typing import Any

import cloudpickle
import pandas as pd
import pendulum
import pytest

from prefect_results.exceptions import MissingExtra
from prefect_results.serializers import (
    CompressedSerializer,
    DateTimeSerializer,
    DetectSerializer,
    JSONSerializer,
    PandasSerializer,
    PickleSerializer,
)

FRAME = pd.DataFrame({"one": [1, 2, 3], "two": [4, 5, 6]})


def test_json_is_text() -> None:
    """JSON is what `json.dumps` writes, as UTF-8."""
    assert JSONSerializer().serialize({"a": [1, None]}) == b'{"a": [1, null]}'
    assert JSONSerializer().deserialize(b'{"a": 1}') == {"a": 1}
    with pytest.raises(TypeError, match="not JSON serializable"):
        JSONSerializer().serialize({1, 2})
    with pytest.raises(ValueError, match="Expecting value"):
        JSONSerializer().deserialize(b"<html>")


def test_datetimes_are_readable_text() -> None:
    """A datetime of the standard library or of pendulum becomes ISO 8601 text."""
    serializer = DateTimeSerializer()
    value = datetime.datetime(2020, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
    assert serializer.serialize(value) == b"2020-01-02T03:04:05Z"
    assert serializer.deserialize(b"2020-01-02T03:04:05Z") == value
    assert isinstance(serializer.deserialize(b"2020-01-02"), pendulum.DateTime)
    now = pendulum.now("utc")
    assert serializer.deserialize(serializer.serialize(now)) == now


@pytest.mark.parametrize("data", [b"", b"  ", b"now", b"tomorrow", b"\xff\xfe"])
def test_what_is_no_date_raises(data: bytes) -> None:
    """Nothing but a date is one, not even what pendulum would make one of."""
    with pytest.raises(ValueError):
        DateTimeSerializer().deserialize(data)


def test_pandas_complains_of_unknown_formats_at_once() -> None:
    """A file type that pandas does not have is an error when the serializer is made."""
    with pytest.raises(ValueError, match="Could not find deserialization methods for blorp"):
        PandasSerializer("blorp")
    with pytest.raises(ValueError, match="Could not find serialization methods for fwf"):
        PandasSerializer("fwf")


def test_pandas_keyword_arguments() -> None:
    """The keyword arguments reach pandas, and are what makes serializers differ."""
    serializer = PandasSerializer(
        "csv", deserialize_kwargs={"sep": "|"}, serialize_kwargs={"sep": "|", "index": False}
    )
    assert serializer.serialize(FRAME).splitlines()[0] == b"one|two"
    pd.testing.assert_frame_equal(serializer.deserialize(serializer.serialize(FRAME)), FRAME)
    assert serializer != PandasSerializer("csv")
    assert PandasSerializer("csv") != PandasSerializer("parquet")
    assert PandasSerializer("csv").deserialize_kwargs == {}


def test_pandas_text_formats() -> None:
    """A format whose writer takes text only is written all the same."""
    serializer = PandasSerializer("json")
    pd.testing.assert_frame_equal(serializer.deserialize(serializer.serialize(FRAME)), FRAME)


def test_without_pandas_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where pandas is missing, the error says what to install."""
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtra, match=r"prefect_results\[pandas\]"):
        PandasSerializer("csv")
    with pytest.raises(MissingExtra, match=r"prefect_results\[pandas\]"):
        DetectSerializer().deserialize(b"PAR1....")


@pytest.mark.parametrize("format", ["bz2", "gzip", "lzma", "zlib"])
def test_compression_by_name(format: str) -> None:
    """Each common library compresses."""
    serializer = CompressedSerializer(PickleSerializer(), format=format)
    data = serializer.serialize(["abc" * 1000])
    assert len(data) < 300
    assert serializer.deserialize(data) == ["abc" * 1000]
    assert DetectSerializer().deserialize(data) == ["abc" * 1000]


def test_compression_by_functions() -> None:
    """Functions of the user's do as well, with keyword arguments."""
    serializer = CompressedSerializer(
        PickleSerializer(),
        compress=lzma.compress,
        decompress=lzma.decompress,
        compress_kwargs={"preset": 1},
        decompress_kwargs={"format": lzma.FORMAT_AUTO},
    )
    assert serializer.deserialize(serializer.serialize([1])) == [1]
    assert serializer != CompressedSerializer(PickleSerializer(), format="lzma")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "You must specify either `format` or `compress`/`decompress`."),
        ({"compress": zlib.compress}, "You must specify either"),
        ({"decompress": zlib.decompress}, "You must specify either"),
        ({"format": "zlib", "compress": zlib.compress}, "but not both"),
        ({"format": "zlib", "decompress": zlib.decompress}, "but not both"),
    ],
)
def test_compression_needs_one_way(arguments: dict[str, Any], message: str) -> None:
    """Either a format or both functions are needed."""
    with pytest.raises(ValueError, match=message):
        CompressedSerializer(PickleSerializer(), **arguments)


def test_compression_libraries_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that is missing, or has other functions, is an error that says what there is."""
    with pytest.raises(ImportError, match="no module 'notlzma'.*lzma"):
        CompressedSerializer(PickleSerializer(), format="notlzma")
    monkeypatch.setitem(sys.modules, "half", types.ModuleType("half"))
    with pytest.raises(ValueError, match="no functions `compress` and `decompress`"):
        CompressedSerializer(PickleSerializer(), format="half")
    assert CompressedSerializer.compression_from_lib("zlib") == (zlib.compress, zlib.decompress)


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (cloudpickle.dumps({"a": 1}), {"a": 1}),
        (base64.b64encode(cloudpickle.dumps({"a": 1})), {"a": 1}),
        (b"(dp0\nVa\nI1\ns.", {"a": 1}),
        (b'{"a": 1}', {"a": 1}),
        (b"42", 42),
        (b"null", None),
        (b'"text"', "text"),
        (gzip.compress(b'{"a": 1}'), {"a": 1}),
        (zlib.compress(base64.b64encode(cloudpickle.dumps([2]))), [2]),
        (b"2020-01-02T03:04:05+00:00", pendulum.datetime(2020, 1, 2, 3, 4, 5)),
        (PickleSerializer(out_of_band=True).serialize([1]), [1]),
    ],
    ids="pickle base64 protocol-0 object number null text gzip zlib date container".split(),
)
def test_data_of_unknown_origin_is_recognized(data: bytes, value: Any) -> None:
    """What it looks like decides how data is read."""
    assert DetectSerializer().deserialize(data) == value


def test_data_frames_of_unknown_origin_are_recognized() -> None:
    """Parquet and Feather files are data frames."""
    for file_type in ("parquet", "feather"):
        data = PandasSerializer(file_type).serialize(FRAME)
        pd.testing.assert_frame_equal(DetectSerializer().deserialize(data), FRAME)


@pytest.mark.parametrize("data", [b"", b"garbage", b"\x80garbage", b"\x1f\x8bgarbage", b"1,2\n3,4"])
def test_what_nothing_recognizes_raises(data: bytes) -> None:
    """Data that is nothing known is an error, never a value."""
    with pytest.raises(Exception):
        DetectSerializer().deserialize(data)


def test_detecting_writes_pickles() -> None:
    """What it writes is a plain pickle."""
    assert cloudpickle.loads(DetectSerializer().serialize([1])) == [1]
    assert json.loads(json.dumps(DetectSerializer().config())) == {"type": "DetectSerializer"}
