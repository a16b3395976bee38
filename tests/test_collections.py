"""Dictionaries with attributes; merging, nesting, flattening."""

from __future__ import annotations

import json
from collections import namedtuple
from collections.abc import MutableMapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefect_results.collections import (
    CompoundKey,
    DotDict,
    as_nested_dict,
    dict_to_flatdict,
    flatdict_to_dict,
    flatten_seq,
    merge_dicts,
)

KEYS = st.text("abcde", min_size=1, max_size=3)
NESTED = st.recursive(
    st.dictionaries(KEYS, st.integers(), min_size=1, max_size=3),
    lambda inner: st.dictionaries(KEYS, inner | st.integers(), min_size=1, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("as_text", [repr, str])
def test_dotdict_repr_sorts_keys(as_text):
    """The repr names the class and the keys, in order."""
    assert as_text(DotDict(b=1, a=2)) == "<DotDict: 'a', 'b'>"
    assert as_text(DotDict()) == "<DotDict>"


def test_dotdict_from_mappings_pairs_and_keywords():
    """It starts from what a dict can start from; keywords win."""
    assert DotDict({"a": 1, "b": 2}, b=3) == {"a": 1, "b": 3}
    assert DotDict(DotDict(a=1)) == {"a": 1}
    assert DotDict([("a", 1)]) == {"a": 1}


def test_dotdict_items_are_attributes():
    """A key can be read, written and deleted in both ways."""
    d = DotDict(chris=10)
    assert d.chris == d["chris"] == 10
    d.chris = 9
    assert d["chris"] == 9
    d["attr"] = "x"
    assert d.attr == "x"
    del d.chris
    assert "chris" not in d
    with pytest.raises(AttributeError):
        d.chris
    with pytest.raises(KeyError):
        d["chris"]
    assert d.get("chris", 5) == 5


def test_dotdict_is_a_mutable_mapping_and_no_dict():
    """Mapping protocols work: splatting, iteration, length, clear; json wants a real dict."""
    d = DotDict(a=1, b=2)
    assert isinstance(d, MutableMapping)
    assert {**d} == {"a": 1, "b": 2}
    assert sorted(d) == ["a", "b"]
    assert len(d) == 2
    with pytest.raises(TypeError):
        json.dumps(d)
    d.clear()
    assert d == {}


@pytest.mark.parametrize("key", ["update", "get", "items", "keys"])
def test_dotdict_key_may_hide_a_method(key):
    """A key wins over the method of the same name, and copying still works."""
    d = DotDict({key: 5})
    assert getattr(d, key) == 5
    assert as_nested_dict({key: 5}, DotDict)[key] == 5


def test_dotdict_copy_is_shallow():
    """Changing the copy leaves the original; values are shared."""
    d = DotDict(a=[1], b=2)
    copy = d.copy()
    copy.b = 3
    assert d.b == 2
    assert copy.a is d.a
    assert type(copy) is DotDict


def test_dotdict_to_dict_converts_inside_lists_and_tuples():
    """Nested DotDicts become dicts wherever they are."""
    d = DotDict(a=DotDict(b=5), c=[1, DotDict(d=6)], e=(DotDict(f=7),))
    plain = d.to_dict()
    assert plain == {"a": {"b": 5}, "c": [1, {"d": 6}], "e": ({"f": 7},)}
    assert type(plain["a"]) is type(plain["c"][1]) is type(plain["e"][0]) is dict


def test_as_nested_dict_keeps_namedtuples():
    """A namedtuple keeps its class."""
    point = namedtuple("point", "x y")
    assert as_nested_dict(point({"a": 1}, 2)) == point(DotDict(a=1), 2)


@pytest.mark.parametrize("dct_class", [dict, DotDict])
def test_merge_dicts_is_recursive(dct_class):
    """The second wins, key by key; neither is changed."""
    a = {"x": {"one": 1, "two": {"deep": 1}}, "only": 0}
    b = {"x": {"two": {"more": 2}, "three": 3}}
    first, second = as_nested_dict(a, dct_class), as_nested_dict(b, dct_class)
    merged = merge_dicts(first, second)
    assert merged == {
        "x": {"one": 1, "two": {"deep": 1, "more": 2}, "three": 3},
        "only": 0,
    }
    assert isinstance(merged, dct_class)
    assert first == a
    assert second == b


def test_merge_dicts_replaces_what_is_no_mapping():
    """A mapping and a scalar do not mix: the second wins."""
    assert merge_dicts({"a": {"b": 1}}, {"a": 2}) == {"a": 2}
    assert merge_dicts({"a": 2}, {"a": {"b": 1}}) == {"a": {"b": 1}}


@given(NESTED)
def test_flattening_round_trip(nested):
    """A nested dictionary comes back from its flat form."""
    flat = dict_to_flatdict(nested)
    assert all(isinstance(key, CompoundKey) for key in flat)
    assert flatdict_to_dict(flat) == nested


def test_flatdict_keys_and_plain_keys():
    """Keys are chains; another key stays at the top; the class can be chosen."""
    flat = dict_to_flatdict({"a": {"b": {"c": 1}}, "d": 2})
    assert flat == {CompoundKey("abc"): 1, CompoundKey("d"): 2}
    nested = flatdict_to_dict({**flat, ("x", "y"): 3}, dct_class=DotDict)
    assert nested.a.b.c == 1
    assert nested[("x", "y")] == 3


@pytest.mark.parametrize(
    ("nested", "flat"),
    [
        ([1, 2, [3, 4], 5, [6, [7]]], [1, 2, 3, 4, 5, 6, 7]),
        ([[], [[]]], []),
        (["ab", [b"cd", ("e",)]], ["ab", b"cd", "e"]),
        (({1: 2}, range(2)), [1, 0, 1]),
    ],
)
def test_flatten_seq(nested, flat):
    """Iterables are opened, text and bytes are not; the result is lazy."""
    result = flatten_seq(nested)
    assert iter(result) is result
    assert list(result) == flat


def test_flatten_seq_wants_an_iterable():
    """A scalar is an error when the first item is asked for."""
    with pytest.raises(TypeError):
        list(flatten_seq(10))
