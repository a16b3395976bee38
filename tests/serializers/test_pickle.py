"""Pickles: by reference or by value, plain on disk, and of earlier releases."""

from __future__ import annotations

import base64
import functools
import io
import os
import pickle
import subprocess
import sys
import threading
import types
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pytest

import prefect_results
from prefect_results.exceptions import Corrupt
from prefect_results.serializers import PickleSerializer

# Run as a script, so that its names are those of `__main__`; what it prints is unpickled elsewhere.
SCRIPT = """
import enum, pickle, sys, typing, functools, collections
from prefect_results.serializers import PickleSerializer

def double(x): return 2 * x
class Point:
    def __init__(self, x): self.x = x
    def __eq__(self, other): return self.x == other.x
    def twice(self): return double(self.x)
class Color(enum.Enum):
    RED = 3
T = typing.TypeVar("T")
Pair = collections.namedtuple("Pair", "a b")
def local():
    class Inner:
        y = 5
    return Inner
VALUES = {
    "function": lambda: double,
    "lambda": lambda: lambda x: double(x) + 1,
    "class": lambda: Point,
    "instance": lambda: Point(4),
    "nested": lambda: [{"a": (Point(1), {"f": double})}],
    "enum": lambda: Color.RED,
    "typevar": lambda: T,
    "method": lambda: Point(5).twice,
    "partial": lambda: functools.partial(double, 3),
    "namedtuple": lambda: Pair(1, 2),
    "inner": lambda: local()(),
    "large": lambda: [list(range(100000)), Point(6)],
}
serializer = PickleSerializer(out_of_band="oob" in sys.argv)
data = {name: serializer.serialize(make()) for name, make in VALUES.items()}
sys.stdout.buffer.write(pickle.dumps(data))
"""

CHECKS: dict[str, Any] = {
    "function": lambda value: value(4) == 8,
    "lambda": lambda value: value(4) == 9,
    "class": lambda value: value(7).twice() == 14,
    "instance": lambda value: value.twice() == 8,
    "nested": lambda value: value[0]["a"][0].twice() == 2 and value[0]["a"][1]["f"](1) == 2,
    "enum": lambda value: (value.name, value.value) == ("RED", 3),
    "typevar": lambda value: value.__name__ == "T",
    "method": lambda value: value() == 10,
    "partial": lambda value: value() == 6,
    "namedtuple": lambda value: value == (1, 2) and value.b == 2,
    "inner": lambda value: value.y == 5,
    "large": lambda value: len(value[0]) == 100000 and value[1].twice() == 12,
}


@pytest.mark.parametrize("mode", ["in", "oob"])
def test_what_cannot_be_imported_elsewhere_goes_by_value(mode: str, tmp_path: Path) -> None:
    """Classes and functions of a script, however deep, arrive in a process without that script."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    home = str(Path(prefect_results.__file__).parent.parent)
    done = subprocess.run(
        [sys.executable, str(script), mode],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONPATH": home},
    )
    arrived = pickle.loads(done.stdout)
    assert set(arrived) == set(CHECKS)
    for name, data in arrived.items():
        assert CHECKS[name](PickleSerializer().deserialize(data)), name


def test_what_can_be_imported_goes_by_reference() -> None:
    """A class of an installed module is only named."""
    data = PickleSerializer().serialize(Path)
    assert len(data) < 60
    assert pickle.loads(data) is Path


def test_modules_the_user_registered_go_by_value() -> None:
    """`cloudpickle.register_pickle_by_value` is honoured."""
    module = types.ModuleType("by_value_module")
    exec("def answer(): return 42", module.__dict__)
    sys.modules["by_value_module"] = module
    cloudpickle.register_pickle_by_value(module)
    try:
        data = PickleSerializer().serialize([module.answer])
    finally:
        cloudpickle.unregister_pickle_by_value(module)
        del sys.modules["by_value_module"]
    assert pickle.loads(data)[0]() == 42


@pytest.mark.parametrize("value", [{"a": [1, 2.5, None]}, np.arange(50_000.0), functools.reduce])
def test_what_is_written_is_a_plain_pickle(value: Any) -> None:
    """`pickle.load`, and so Prefect 1.4.1, reads what is written."""
    file = io.BytesIO()
    PickleSerializer().dump(value, file)
    file.seek(0)
    loaded = pickle.load(file)
    assert np.array_equal(loaded, value)
    assert np.array_equal(cloudpickle.loads(PickleSerializer().serialize(value)), value)


def test_a_value_that_cannot_be_pickled_raises_what_cloudpickle_raises() -> None:
    """The error is that of the last attempt."""
    with pytest.raises(TypeError, match="pickle"):
        PickleSerializer().serialize({"lock": threading.Lock()})
    with pytest.raises(TypeError, match="pickle"):
        PickleSerializer().serialize([1, (i for i in range(3))])


def test_files_that_cannot_seek() -> None:
    """A stream that only goes forward gets one whole pickle, also of what goes by value."""

    class Forward(io.RawIOBase):
        def __init__(self) -> None:
            self.parts: list[bytes] = []

        def writable(self) -> bool:
            return True

        def write(self, data: Any) -> int:
            self.parts.append(bytes(data))
            return len(data)

    for value in ([list(range(100_000)), lambda: 3], {"a": 1}):
        file: Any = Forward()
        PickleSerializer().dump(value, file)
        loaded = pickle.loads(b"".join(file.parts))
        assert len(loaded) == len(value)


def test_base64_pickles_of_the_result_handlers() -> None:
    """Prefect 0.5 to 0.10 wrote base64 text of pickles."""
    for text in (base64.b64encode, base64.encodebytes):
        data = text(cloudpickle.dumps({"a": [1]}))
        assert PickleSerializer().deserialize(data) == {"a": [1]}


def test_the_error_is_that_of_the_pickle() -> None:
    """Where data is neither a pickle nor base64 text, the first error says so."""
    with pytest.raises(pickle.UnpicklingError, match="stack underflow"):
        PickleSerializer().deserialize(b"bad-bytes!")


def test_read_only_arrays_stay_so_out_of_band() -> None:
    """Whether an array can be written to survives, and what can be is really memory of its own."""
    serializer = PickleSerializer(out_of_band=True)
    fixed, free = np.arange(100_000), np.arange(100_000)
    fixed.flags.writeable = False
    got_fixed, got_free = serializer.deserialize(serializer.serialize((fixed, free)))
    assert got_fixed.flags.writeable is False
    got_free[0] = 9
    assert (free[0], got_free[0], got_fixed[0]) == (0, 9, 0)


def test_shared_arrays_stay_shared_out_of_band() -> None:
    """An array that is there twice is there twice again, not two arrays."""
    array = np.arange(100_000)
    serializer = PickleSerializer(out_of_band=True)
    left, right = serializer.deserialize(serializer.serialize((array, array)))
    assert left is right


@pytest.mark.parametrize("cut", [4, 12, 20, 40, 60, 5_000, 400_000, -1])
def test_truncated_containers_are_corrupt(cut: int) -> None:
    """A container that ends too early is never a value."""
    data = PickleSerializer(out_of_band=True).serialize([np.arange(100_000)])
    with pytest.raises((Corrupt, pickle.UnpicklingError, EOFError)):
        PickleSerializer().deserialize(data[:cut])


def test_sizes_that_lie_are_corrupt() -> None:
    """A container that claims more than there is allocates nothing for it."""
    data = bytearray(PickleSerializer(out_of_band=True).serialize([np.arange(100_000)]))
    for position in (8, 16, 24):
        lie = bytearray(data)
        lie[position : position + 8] = (2**62).to_bytes(8, "little")
        with pytest.raises(Corrupt):
            PickleSerializer().deserialize(bytes(lie))


def test_either_form_is_read_whatever_is_written() -> None:
    """The option says how to write, not what can be read."""
    one, other = PickleSerializer(), PickleSerializer(out_of_band=True)
    array = np.arange(10_000)
    assert np.array_equal(one.deserialize(other.serialize(array)), array)
    assert np.array_equal(other.deserialize(one.serialize(array)), array)
    assert one != other
