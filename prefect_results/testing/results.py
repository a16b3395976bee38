"""What every result type that stores values must do.

Derive a test class, and say how a result is made::

    class TestMine(StoredResultContract):
        @pytest.fixture
        def make(self, tmp_path):
            return lambda **kwargs: MyResult(tmp_path, **kwargs)

Not here: results that store nothing.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from prefect_results.exceptions import (
    Corrupt,
    DeserializationError,
    ImmutableError,
    NotFound,
    SerializationError,
    UnknownTemplateName,
    UnsafeLocation,
)
from prefect_results.results import StoredResult, result_type
from prefect_results.serializers import JSONSerializer, serializer_from_config

Make = Callable[..., StoredResult]


class StoredResultContract:
    """Tests of a stored result type; subclasses give the fixture `make`."""

    @pytest.fixture
    def make(self) -> Make:
        """A function of the keyword arguments of `Result` that makes a result, on empty storage."""
        raise NotImplementedError

    def test_written_values_are_read(self, make: Make) -> None:
        """A value that was written is read at its location."""
        written = make().write({"a": [1, None, "\u2603"]})
        assert written.value == {"a": [1, None, "\u2603"]}
        assert isinstance(written.location, str)
        assert make().read(written.location).value == written.value
        assert make().exists(written.location)

    def test_locations_are_filled(self, make: Make) -> None:
        """A template is filled at write time, and the template stays as it was."""
        result = make(location="{flow}/{task}-{n:03d}.bin")
        written = result.write(1, flow="f", task="t", n=7)
        assert written.location is not None
        assert written.location.endswith("f/t-007.bin")
        assert result.location == "{flow}/{task}-{n:03d}.bin"
        assert result.exists("{flow}/{task}-{n:03d}.bin", flow="f", task="t", n=7) is True
        assert result.exists("{flow}/{task}-{n:03d}.bin", flow="f", task="t", n=8) is False

    def test_locations_may_be_callables(self, make: Make) -> None:
        """A callable gets the values and returns the location."""
        result = make(location=lambda **kwargs: "-".join(sorted(kwargs)))
        assert result.location is None
        location = result.write(1, b=1, a=2).location
        assert location is not None
        assert location.endswith("a-b")

    def test_unknown_names_in_templates(self, make: Make) -> None:
        """A template that names what is not there is a KeyError that says what is there."""
        with pytest.raises(UnknownTemplateName, match=r"missing.*present"):
            make(location="{missing}").write(1, present=2)

    def test_default_locations_are_new(self, make: Make) -> None:
        """Without a template each write goes to a location of its own."""
        result = make()
        locations = {result.write(number).location for number in range(50)}
        assert len(locations) == 50

    def test_what_is_not_there_is_not_found(self, make: Make) -> None:
        """Reading what is not there is NotFound, which names the location and the type."""
        result = make()
        assert result.exists("nothing") is False
        with pytest.raises(NotFound, match="nothing") as caught:
            result.read("nothing")
        assert type(result).__name__ in str(caught.value)
        assert caught.value.__cause__ is not None

    @pytest.mark.parametrize(
        "data",
        [b"", b"\x80", b"\x80\x05\x95\xff", b"not a pickle", pickle.dumps(list(range(99)))[:-9]],
    )
    def test_damaged_data_is_corrupt(self, make: Make, data: bytes) -> None:
        """Empty, truncated or other data is Corrupt, which names location and serializer."""
        result = make()
        result.filesystem.put("damaged", data)
        with pytest.raises(Corrupt, match=r"damaged.*PickleSerializer") as caught:
            result.read("damaged")
        assert caught.value.__cause__ is not None

    def test_verifying_compares_with_what_was_written(self, make: Make) -> None:
        """What is whole verifies; what is gone, empty or altered is an error of its kind."""
        written = make(location="whole").write(list(range(9)))
        written.verify()
        unknown = make(location="whole")
        unknown.verify()
        whole = written.filesystem.get("whole")
        for data in (b"", whole[:-1], whole[:-1] + b"x"):
            written.filesystem.put("whole", data)
            with pytest.raises(Corrupt, match="whole"):
                written.verify()
        written.filesystem.put("whole", b"")
        with pytest.raises(Corrupt, match="whole"):
            unknown.verify()
        written.filesystem.delete("whole")
        with pytest.raises(NotFound, match="whole"):
            written.verify()

    def test_a_missing_module_is_named(self, make: Make) -> None:
        """A pickle that needs a module that is not installed is an error that names it."""
        result = make()
        result.filesystem.put("needs", b"cno_such_module_at_all\nthing\n.")
        with pytest.raises(DeserializationError, match="no_such_module_at_all"):
            result.read("needs")

    def test_unserializable_values(self, make: Make) -> None:
        """A value that cannot be serialized is an error that names its type; nothing is stored."""
        result = make(location="here", serializer=JSONSerializer())
        with pytest.raises(SerializationError, match=r"set.*JSONSerializer") as caught:
            result.write({1, 2})
        assert isinstance(caught.value, TypeError)
        assert isinstance(caught.value.__cause__, TypeError)
        assert result.exists("here") is False

    @pytest.mark.parametrize("value", ["../x", "/etc/x", "a/../../x", "..", "a\0b"])
    def test_filling_never_leaves_the_root(self, make: Make, value: str) -> None:
        """What a template is filled with cannot lead out of the root."""
        with pytest.raises(UnsafeLocation):
            make(location="{x}").write(1, x=value)
        with pytest.raises(UnsafeLocation):
            make().read(value)
        with pytest.raises(UnsafeLocation):
            make().exists("{x}", x=value)

    def test_serializing_writes_once(self, make: Make) -> None:
        """A result that is stored knows it: serializing it writes nothing, and drops the value."""
        result = make(location="there")
        written = result.write("x")
        result.filesystem.put("there", pickle.dumps("changed"))
        serialized = written.serialize()
        assert (serialized.value, serialized.serialized) == (None, True)
        assert serialized.location == written.location
        assert serialized.serialize() is serialized
        assert written.location is not None
        assert result.read(written.location).value == "changed"
        assert written.value == "x"

    def test_what_was_altered_is_corrupt(self, make: Make) -> None:
        """Bytes that are not those that were written are never read as the value."""
        written = make(location="there").write(list(range(100)))
        if getattr(written, "digest", None) is None:
            pytest.skip("the result keeps no digest")
        good = pickle.dumps(list(range(100)), 5)
        for bad in (b"", good[:-1], good + b"x", pickle.dumps([*range(99), 98], 5)):
            written.filesystem.put("there", bad)
            with pytest.raises(Corrupt, match="there"):
                written.serialize().deserialize()
            assert written.location is not None
            with pytest.raises(Corrupt, match="there"):
                written.read(written.location)

    def test_serializing_stores_what_was_not_stored(self, make: Make) -> None:
        """A result of a value that was never written is written when it is serialized."""
        serialized = make(value=[1, 2]).serialize()
        assert serialized.value is None
        back = serialized.deserialize()
        assert (back.value, back.serialized) == ([1, 2], False)
        assert back.deserialize() is back

    def test_no_value_and_no_location_need_no_storage(self, make: Make) -> None:
        """None that was never written travels as nothing."""
        serialized = make().serialize()
        assert (serialized.value, serialized.location) == (None, None)
        assert serialized.deserialize().value is None

    def test_results_are_immutable(self, make: Make) -> None:
        """Nothing can be assigned or deleted, in what is made nor in what is made of it."""
        result: Any = make(value=1, location="a")
        for one in (result, result.copy(), result.write(2), result.read("a"), result.serialize()):
            for name in ("value", "location", "serializer", "serialized", *one.wire_fields, "new"):
                with pytest.raises(ImmutableError):
                    setattr(one, name, 1)
                with pytest.raises(ImmutableError):
                    delattr(one, name)

    def test_results_are_values(self, make: Make) -> None:
        """A copy or a pickle of a result is equal to it."""
        result = make(location="{x}").write([1], x="a")
        assert result.copy() == result
        assert pickle.loads(pickle.dumps(result)) == result
        assert result != make()
        assert hash(result) == hash(result.copy())

    def test_from_value_keeps_the_settings(self, make: Make) -> None:
        """Another value of the same task has the same settings, and is stored nowhere yet."""
        written = make(serializer=JSONSerializer()).write(1)
        other = written.from_value(2)
        assert (other.value, other.location, other.serialized) == (2, None, False)
        assert other.serializer == JSONSerializer()

    def test_the_wire_form_is_enough(self, make: Make) -> None:
        """What travels is enough to read the value elsewhere."""
        sent = make(serializer=JSONSerializer()).write({"a": 1}).serialize()
        wire = {
            "type": type(sent).__name__,
            "location": sent.location,
            "serializer": sent.serializer.config(),
            "fields": {name: getattr(sent, name) for name in sent.wire_fields},
        }
        wire = json.loads(json.dumps(wire))
        cls = result_type(wire["type"])
        assert cls is type(sent)
        got = cls.revive(
            location=wire["location"],
            serializer=serializer_from_config(wire["serializer"]),
            **wire["fields"],
        )
        assert got == sent
        assert got.deserialize().value == {"a": 1}
