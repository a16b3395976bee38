"""Every serializer passes the contract."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pandas as pd
import pendulum

from prefect_results.serializers import (
    CompressedSerializer,
    DateTimeSerializer,
    DetectSerializer,
    JSONSerializer,
    PandasSerializer,
    PickleSerializer,
    ResultSerializer,
)
from prefect_results.testing.serializers import SerializerContract

FRAME = pd.DataFrame({"one": [1, 2, 3], "two": ["a", "b", "\u2603"]})
ANYTHING = [
    None,
    0,
    2**100,
    -1.5,
    "\u2603",
    b"bytes",
    [1, [2, (3,)]],
    {"a": {1, 2}, "b": frozenset((3,))},
    datetime.datetime(2020, 1, 2, tzinfo=datetime.timezone.utc),
    range(5),
    np.arange(10_000.0),
    np.arange(12).reshape(3, 4).T,
    np.array(["x", None], dtype=object),
    FRAME,
]


class TestPickle(SerializerContract):
    """Pickles."""

    serializer = PickleSerializer()
    values = ANYTHING


class TestPickleOutOfBand(SerializerContract):
    """Pickles with large buffers beside them."""

    serializer = PickleSerializer(out_of_band=True)
    values = [*ANYTHING, np.zeros(0), np.arange(2_000_000, dtype="u1"), bytes(100_000)]


class TestDetect(SerializerContract):
    """Pickles, and whatever is found."""

    serializer = DetectSerializer()
    values = ANYTHING


class TestJSON(SerializerContract):
    """JSON text."""

    serializer = JSONSerializer()
    values = [None, True, 1, -1.5, "\u2603", [1, [None]], {"a": {"b": [2]}}]


class TestDateTime(SerializerContract):
    """Dates as text."""

    serializer = DateTimeSerializer()
    values = [
        pendulum.datetime(2020, 2, 29, 23, 59, 59),
        pendulum.datetime(1999, 12, 31, tz="America/New_York").in_tz("UTC"),
    ]


class TestCSV(SerializerContract):
    """Data frames as CSV."""

    serializer = PandasSerializer("csv", serialize_kwargs={"index": False})
    values = [FRAME]


class TestParquet(SerializerContract):
    """Data frames as Parquet."""

    serializer = PandasSerializer("parquet")
    values = [FRAME]


class TestCompressed(SerializerContract):
    """Compressed pickles."""

    serializer = CompressedSerializer(
        PickleSerializer(), format="zlib", compress_kwargs={"level": 9}
    )
    values = ANYTHING


class TestNestedCompressed(SerializerContract):
    """Compressed, compressed JSON."""

    serializer = CompressedSerializer(
        CompressedSerializer(JSONSerializer(), format="bz2"), format="lzma"
    )
    values = [{"a": [1]}]


class Celsius(ResultSerializer):
    """A user's own: temperatures as objects of JSON."""

    def serialize(self, value: Any) -> Any:
        """A unit beside the number."""
        return {"degrees": value, "unit": "C"}

    def deserialize(self, value: Any) -> Any:
        """The number."""
        return value["degrees"]


class TestResultSerializer(SerializerContract):
    """A serializer that returns JSON itself."""

    serializer = Celsius()
    values = [21.5, -273]
    damaged = None
