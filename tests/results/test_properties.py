"""Property tests: whatever a result holds comes back, and JSON is enough to send it."""

from __future__ import annotations

import json
import pickle
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from prefect_results.exceptions import StorageError, UnsafeLocation
from prefect_results.filesystems import MemoryFileSystem
from prefect_results.results import ConstantResult, LocalResult, PrefectResult, Result
from prefect_results.results.equality import same_value
from prefect_results.serializers import JSONSerializer, PickleSerializer, serializer_from_config
from tests.serializers.test_properties import has_nan, json_values, python_values


@given(json_values, st.sampled_from([PickleSerializer(), JSONSerializer()]))
def test_inline_results(value: Any, serializer: Any) -> None:
    """A result is equal to itself after it was sent as JSON."""
    result = Result(value, serializer=serializer)
    sent = result.serialize()
    wire = json.loads(json.dumps({"value": sent.value, "serializer": sent.serializer.config()}))
    got = Result.revive(
        value=wire["value"], serializer=serializer_from_config(wire["serializer"])
    ).deserialize()
    assert got == result
    assert sent == result.serialize()


@given(json_values)
def test_results_of_json(value: Any) -> None:
    """A PrefectResult and a ConstantResult come back from what they say of themselves."""
    for result in (PrefectResult(value=value), ConstantResult(value=value)):
        sent = result.serialize()
        got = type(sent).revive(value=sent.value, location=sent.location)
        assert got.deserialize().value == value


@given(python_values, st.booleans())
def test_pickled_results(value: Any, serialized: bool) -> None:
    """A pickle of a result is that result."""
    result = Result(value)
    if serialized:
        result = result.serialize()
    got = pickle.loads(pickle.dumps(result))
    assert same_value(got.value, result.value) or has_nan(result.value)
    assert got.serialized is serialized


@given(location=st.text(st.characters(), min_size=1, max_size=40))
def test_no_location_leaves_the_folder(location: str, tmp_path_factory: Any) -> None:
    """Whatever text fills a template, the file is in the folder or there is none."""
    folder = tmp_path_factory.getbasetemp() / "locations"
    result = LocalResult(dir=str(folder), location="{x}")
    try:
        written = result.write(location, x=location)
    except StorageError:
        return
    assert written.location is not None
    assert written.location.startswith(f"{folder}/")
    assert written.serialize().deserialize().value == location


@given(st.text(max_size=60))
def test_locations_are_refused_or_kept(location: str) -> None:
    """A filesystem stores under exactly the location that it was given, or refuses it."""
    filesystem = MemoryFileSystem("properties")
    filesystem.clear()
    try:
        filesystem.put(location, b"x")
    except UnsafeLocation:
        assert list(filesystem.list()) == []
    else:
        assert [info.location for info in filesystem.list()] == [location]
