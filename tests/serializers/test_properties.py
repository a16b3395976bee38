"""Property tests: whatever a serializer takes comes back."""

from __future__ import annotations

import datetime
import io
import pickle
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from prefect_results.exceptions import Corrupt
from prefect_results.results.equality import same_value
from prefect_results.serializers import (
    CompressedSerializer,
    DateTimeSerializer,
    DetectSerializer,
    JSONSerializer,
    PickleSerializer,
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
arrays = npst.arrays(
    st.sampled_from(["u1", "i8", "f4", "c16", "U3", "M8[s]"]),
    npst.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=40),
)
python_values = st.recursive(
    json_values | st.binary() | st.complex_numbers(allow_nan=False) | st.datetimes() | arrays,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.integers() | st.text(), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(json_values)
def test_json(value: Any) -> None:
    """Whatever JSON holds comes back from text, and from compressed text."""
    for serializer in (JSONSerializer(), CompressedSerializer(JSONSerializer(), format="zlib")):
        assert serializer.deserialize(serializer.serialize(value)) == value


@given(python_values, st.booleans())
def test_pickle(value: Any, out_of_band: bool) -> None:
    """Whatever can be pickled comes back, in bytes and in files, however it was written."""
    serializer = PickleSerializer(out_of_band=out_of_band)
    data = serializer.serialize(value)
    file = io.BytesIO()
    serializer.dump(value, file)
    file.seek(0)
    for loaded in (serializer.deserialize(data), serializer.load(file)):
        assert type(loaded) is type(value)
        assert same_value(loaded, value) or has_nan(value)
    if not out_of_band:
        assert type(pickle.loads(data)) is type(value)


@given(python_values | json_values)
def test_detect(value: Any) -> None:
    """What was pickled is never taken for anything else."""
    loaded = DetectSerializer().deserialize(DetectSerializer().serialize(value))
    assert type(loaded) is type(value)
    assert same_value(loaded, value) or has_nan(value)


@given(st.datetimes(timezones=st.sampled_from([datetime.timezone.utc])))
def test_datetimes(value: datetime.datetime) -> None:
    """Any instant comes back from its text."""
    serializer = DateTimeSerializer()
    assert serializer.deserialize(serializer.serialize(value)) == value


@given(st.binary(max_size=200))
def test_garbage_never_becomes_an_array(data: bytes) -> None:
    """Bytes after the container's magic are a value, or an error of a known kind."""
    try:
        PickleSerializer().deserialize(b"\x93PRBUF1\n" + data)
    except (Corrupt, pickle.UnpicklingError, EOFError, ValueError):
        pass


def has_nan(value: Any) -> bool:
    """Whether a value differs from itself, in which case it cannot be compared."""
    if isinstance(value, np.ndarray):
        return not np.array_equal(value, value)
    if isinstance(value, dict):
        return any(map(has_nan, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(has_nan, value))
    return bool(value != value)
