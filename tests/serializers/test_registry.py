"""How serializers travel: by name, with their options, and never by import."""

from __future__ import annotations

import json
import subprocess
import sys
import zlib
from collections.abc import Mapping
from typing import Any

import pytest

from prefect_results.exceptions import DeserializationError, SerializationError
from prefect_results.serializers import (
    CompressedSerializer,
    JSONSerializer,
    PandasSerializer,
    PickleSerializer,
    Serializer,
    UnknownSerializer,
    register_serializer,
    serializer_from_config,
    serializer_name,
    serializer_type,
)


class Shift(Serializer):
    """A user's own, with an option."""

    def __init__(self, by: int = 1) -> None:
        self.by = by

    def serialize(self, value: str) -> bytes:
        """Each character moved on."""
        return "".join(chr(ord(letter) + self.by) for letter in value).encode()

    def deserialize(self, value: bytes) -> str:
        """Each character moved back."""
        return "".join(chr(ord(letter) - self.by) for letter in value.decode())

    def options(self) -> dict[str, Any]:
        """By how much."""
        return {"by": self.by}


def test_a_registered_class_travels_with_its_options() -> None:
    """What a registered class says of itself makes an equal one."""
    assert register_serializer(Shift) is Shift
    config = json.loads(json.dumps(Shift(3).config()))
    assert config == {"type": "Shift", "by": 3}
    assert serializer_from_config(config) == Shift(3)
    assert serializer_from_config(config) != Shift(2)
    assert repr(Shift(3)) == "Shift(by=3)"


def test_a_class_that_is_not_registered_is_kept_but_not_used() -> None:
    """Its wire form is passed on; using it is an error that says what to do."""

    class Mine(Serializer):
        def serialize(self, value: Any) -> bytes:
            return b""

    config = Mine().config()
    assert config["type"].endswith("Mine")
    got = serializer_from_config(config)
    assert isinstance(got, UnknownSerializer)
    assert got.config() == config
    assert got == serializer_from_config(config)
    with pytest.raises(DeserializationError, match="register_serializer"):
        got.deserialize(b"x")
    with pytest.raises(SerializationError, match="register_serializer"):
        got.serialize(b"x")


def test_a_name_is_not_taken_twice() -> None:
    """Another class of a registered name is refused; the same one again is not."""
    register_serializer(Shift)
    other = type("PickleSerializer", (Serializer,), {})
    with pytest.raises(ValueError, match="registered already"):
        register_serializer(other)
    register_serializer(other, name="other-pickle")
    assert serializer_name(other) == "other-pickle"
    assert serializer_type("other-pickle") is other
    assert serializer_type("PickleSerializer") is PickleSerializer


def test_options_without_a_json_form_stay_behind() -> None:
    """A function in the options is named as missing, and what arrives says so when it is used."""
    sent = CompressedSerializer(
        PickleSerializer(), compress=zlib.compress, decompress=zlib.decompress
    ).config()
    assert sent["unsendable"] == ["compress", "decompress"]
    got = serializer_from_config(json.loads(json.dumps(sent)))
    with pytest.raises(DeserializationError, match="compress"):
        got.deserialize(b"")


@pytest.mark.parametrize(
    "config",
    [
        None,
        [],
        "PickleSerializer",
        {},
        {"type": 3},
        {"type": "PickleSerializer", "nonsense": 1},
        {"type": "PandasSerializer"},
        {"type": "PandasSerializer", "file_type": 3},
        {"type": "PandasSerializer", "file_type": "csv; import os"},
        {"type": "CompressedSerializer", "format": "zlib"},
        {"type": "CompressedSerializer", "format": "zlib", "serializer": {"type": 1}},
        {"type": "CompressedSerializer", "serializer": {"type": "JSONSerializer"}},
    ],
)
def test_malformed_wire_forms(config: Any) -> None:
    """A wire form that does not fit is one kind of error."""
    with pytest.raises(DeserializationError):
        serializer_from_config(config)


def test_a_payload_imports_nothing() -> None:
    """A module that a payload names is not imported, nor is pandas before it is needed."""
    program = (
        "import sys\n"
        "from prefect_results.serializers import serializer_from_config\n"
        "inner = {'type': 'JSONSerializer'}\n"
        "evil = {'type': 'CompressedSerializer', 'format': 'antigravity', 'serializer': inner}\n"
        "print(serializer_from_config(evil))\n"
        "print(serializer_from_config({'type': 'os.path.Serializer'}))\n"
        "serializer_from_config({'type': 'PandasSerializer', 'file_type': 'csv'})\n"
        "assert not {'antigravity', 'pandas'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("UnknownSerializer") == 2


def test_formats_that_code_here_uses_may_come_from_payloads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A compression that this process made a serializer with is known from then on."""
    import types

    module = types.ModuleType("mycompression")
    module.compress, module.decompress = zlib.compress, zlib.decompress  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mycompression", module)
    config = {
        "type": "CompressedSerializer",
        "format": "mycompression",
        "serializer": {"type": "JSONSerializer"},
    }
    assert isinstance(serializer_from_config(config), UnknownSerializer)
    made = CompressedSerializer(JSONSerializer(), format="mycompression")
    assert serializer_from_config(config) == made


def test_the_base_class_does_nothing() -> None:
    """Serialize and deserialize are the subclass's to write."""
    with pytest.raises(NotImplementedError):
        Serializer().serialize(1)
    with pytest.raises(NotImplementedError):
        Serializer().deserialize(b"")
    assert Serializer() == Serializer()


def test_a_serializer_that_returns_no_bytes_is_told_so() -> None:
    """What is to be stored must be bytes, or the class a ResultSerializer."""
    import io

    class Text(Serializer):
        def serialize(self, value: Any) -> Any:
            return str(value)

    with pytest.raises(SerializationError, match=r"must return bytes.*ResultSerializer"):
        Text().dump(1, io.BytesIO())


def test_options_are_read_by_each_class_itself() -> None:
    """A subclass may read its wire form in its own way."""

    class Named(Shift):
        @classmethod
        def from_options(cls, options: Mapping[str, Any]) -> Named:
            return cls(by=int(options["by"]))

    register_serializer(Named, name="named-shift")
    assert serializer_from_config({"type": "named-shift", "by": "4"}) == Named(4)
    assert PandasSerializer.from_options({"file_type": "csv"}) == PandasSerializer("csv")
