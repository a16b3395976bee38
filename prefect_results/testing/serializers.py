"""What every serializer must do.

Derive a test class, and give the serializer and values that it handles::

    class TestMine(SerializerContract):
        serializer = MySerializer()
        values = ["one", "two"]

Not here: what only one format promises.
"""

from __future__ import annotations

import io
import json
import pickle
from typing import Any

import pytest

from prefect_results.results.equality import same_value
from prefect_results.serializers import (
    ResultSerializer,
    Serializer,
    register_serializer,
    serializer_from_config,
)


class SerializerContract:
    """Tests of `Serializer`; subclasses give `serializer` and `values`."""

    # What is tested, and values that it handles.
    serializer: Serializer
    values: list[Any]
    # Bytes that no serializer of this kind returns; None where any bytes are data.
    damaged: bytes | None = b""

    def same(self, left: Any, right: Any) -> bool:
        """Whether a value came back as it was; the same type and equal by default."""
        return type(left) is type(right) and same_value(left, right)

    def test_values_come_back(self) -> None:
        """What is serialized and deserialized is the value again."""
        for value in self.values:
            data = self.serializer.serialize(value)
            assert self.same(self.serializer.deserialize(data), value)

    def test_data_is_bytes_or_json(self) -> None:
        """What is serialized is bytes, or a JSON-compatible object of a `ResultSerializer`."""
        for value in self.values:
            data = self.serializer.serialize(value)
            if isinstance(self.serializer, ResultSerializer):
                assert json.loads(json.dumps(data)) == data
            else:
                assert isinstance(data, bytes)

    def test_values_come_back_from_files(self) -> None:
        """What is dumped to a binary file is loaded from it."""
        for value in self.values:
            file = io.BytesIO()
            self.serializer.dump(value, file)
            file.seek(0)
            assert self.same(self.serializer.load(file), value)

    def test_files_and_bytes_are_the_same_data(self) -> None:
        """What was serialized can be loaded from a file, and the reverse."""
        if isinstance(self.serializer, ResultSerializer):
            pytest.skip("its data is not bytes")
        for value in self.values:
            loaded = self.serializer.load(io.BytesIO(self.serializer.serialize(value)))
            assert self.same(loaded, value)

    def test_damaged_data_raises(self) -> None:
        """Data that nothing was serialized to is an error, never a value."""
        if self.damaged is None:
            pytest.skip("any bytes are data")
        with pytest.raises(Exception):  # noqa: B017
            self.serializer.deserialize(self.damaged)

    def test_equal_by_type_and_options(self) -> None:
        """A copy is equal and has the same hash; another type is not equal."""
        copied = pickle.loads(pickle.dumps(self.serializer))
        assert copied == self.serializer
        assert hash(copied) == hash(self.serializer)
        assert self.serializer != Serializer()
        assert self.serializer != object()

    def test_the_wire_form_makes_an_equal_one(self) -> None:
        """The wire form is JSON, and what it makes once the class is registered is equal."""
        register_serializer(type(self.serializer))
        config = json.loads(json.dumps(self.serializer.config()))
        assert serializer_from_config(config) == self.serializer
