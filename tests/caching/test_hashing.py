"""Hashes of inputs: the same for the same value in any process, different for different ones."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefect_results.caching import hash_inputs, tokenize

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text() | st.integers(), inner)
    ),
    max_leaves=20,
)


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


@dataclasses.dataclass
class Point:
    x: int
    y: int


@given(values)
def test_equal_values_have_equal_tokens(value):
    """A deep copy of a value hashes like the value."""
    import copy

    assert tokenize(copy.deepcopy(value)) == tokenize(value)


@given(st.dictionaries(st.text(), st.integers(), min_size=2))
def test_the_order_of_a_dict_does_not_count(mapping):
    """Two dictionaries that are equal hash alike, whatever their order."""
    assert tokenize(dict(reversed(mapping.items()))) == tokenize(mapping)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (1, 1.0),
        (1, True),
        ("1", 1),
        (b"1", "1"),
        ([1, 2], (1, 2)),
        ([1, 2], [2, 1]),
        (["ab", "c"], ["a", "bc"]),
        ({1: 2}, {2: 1}),
        ({1, 2}, frozenset({1, 2, 3})),
        (Point(1, 2), Point(2, 1)),
        (Colour.RED, Colour.BLUE),
        (datetime.date(2020, 1, 1), datetime.date(2020, 1, 2)),
    ],
)
def test_different_values_have_different_tokens(left, right):
    """Values of another type, order or content hash differently."""
    assert tokenize(left) != tokenize(right)


def test_tokens_are_the_same_in_another_process():
    """Hash randomization of the interpreter does not reach the tokens."""
    value = {"b": {"x", "y", "z"}, "a": [1, 2.5, None], "c": (b"bytes", "text")}
    code = (
        "from prefect_results.caching.hashing import tokenize;"
        "print(tokenize({'a': [1, 2.5, None], 'c': (b'bytes', 'text'), 'b': {'z', 'y', 'x'}}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == tokenize(value)


def test_arrays_are_hashed_by_content():
    """Two arrays are the same if type, shape and numbers are."""
    np = pytest.importorskip("numpy")
    array = np.arange(12).reshape(3, 4)
    assert tokenize(array) == tokenize(array.copy())
    assert tokenize(array) == tokenize(np.asfortranarray(array))
    assert tokenize(array) != tokenize(array.reshape(4, 3))
    assert tokenize(array) != tokenize(array.astype("float64"))


def test_frames_are_hashed_by_content():
    """Two data frames are the same if columns, index and values are."""
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", None]})
    assert tokenize(frame) == tokenize(frame.copy())
    assert tokenize(frame) != tokenize(frame.rename(columns={"a": "c"}))
    assert tokenize(frame) != tokenize(frame.iloc[::-1])
    assert tokenize(frame["a"]) != tokenize(frame["b"])


def test_a_deeply_nested_value_is_hashed():
    """Nesting beyond the recursion limit of the encoder falls back to the pickled form."""
    value: list = []
    for _ in range(300):
        value = [value]
    assert tokenize(value) == tokenize(value)


def test_what_cannot_be_hashed_is_named():
    """The error says which type cannot be hashed."""
    import threading

    with pytest.raises(TypeError, match="lock"):
        tokenize(threading.Lock())


def test_inputs_that_cannot_be_hashed_match_nothing():
    """An input without a deterministic hash gets another token each time."""
    import threading

    lock = threading.Lock()
    first, second = hash_inputs({"x": 1, "y": lock}), hash_inputs({"x": 1, "y": lock})
    assert first["x"] == second["x"]
    assert first["y"] != second["y"]
