"""Hypothesis strategies for values, results and states, and for payloads that are malformed.

Needs Hypothesis (`pip install hypothesis`). Not here: the properties; a test says those.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import pendulum
from hypothesis import strategies as st

from prefect_results import states
from prefect_results.results import ConstantResult, LocalResult, NoResult, PrefectResult, Result
from prefect_results.serializers import (
    CompressedSerializer,
    JSONSerializer,
    PickleSerializer,
    Serializer,
)
from prefect_results.states import State
from prefect_results.wire.states import own_kinds

KINDS: tuple[type[State], ...] = tuple(own_kinds())

_texts = st.text(max_size=20)
_keys = st.text(max_size=10)
_numbers = st.one_of(st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False))
_scalars = st.one_of(st.none(), st.booleans(), _numbers, _texts)


def json_values() -> st.SearchStrategy[Any]:
    """Anything that JSON can hold."""
    return st.recursive(
        _scalars,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4), st.dictionaries(_keys, inner, max_size=4)
        ),
        max_leaves=12,
    )


def values() -> st.SearchStrategy[Any]:
    """Python values that pickle, and that equal themselves afterwards."""
    return st.one_of(
        json_values(), st.binary(max_size=30), st.tuples(_numbers, _texts), st.frozensets(_numbers)
    )


def moments() -> st.SearchStrategy[Any]:
    """Moments with a time zone."""
    return st.datetimes(timezones=st.sampled_from([pendulum.UTC, pendulum.timezone("Asia/Tokyo")]))


def serializers() -> st.SearchStrategy[Serializer]:
    """Serializers that take every one of `json_values`."""
    return st.sampled_from(
        [PickleSerializer(), JSONSerializer(), CompressedSerializer(JSONSerializer(), "zlib")]
    )


def references() -> st.SearchStrategy[Result]:
    """Results whose bytes lie elsewhere, and of which only the location is here."""
    return st.builds(
        lambda dir, location, serializer: LocalResult(
            dir=f"/nowhere/{dir}", validate_dir=False, location=location, serializer=serializer
        ),
        st.integers(0, 9),
        st.text("abc/.", min_size=1, max_size=12),
        serializers(),
    )


def inline_results() -> st.SearchStrategy[Result]:
    """Results that take their value with them."""
    return st.one_of(
        st.builds(Result, values()),
        st.builds(lambda value, how: Result(value, None, how), json_values(), serializers()),
        st.builds(lambda value: PrefectResult(value=value), json_values()),
        st.builds(lambda value: ConstantResult(value=value), values()),
        st.just(NoResult),
    )


def results() -> st.SearchStrategy[Result]:
    """Results of both sorts; none of them touches a storage when it is dumped."""
    return st.one_of(references(), inline_results())


@st.composite
def all_states(draw: st.DrawFn, kinds: tuple[type[State], ...] = KINDS) -> State:
    """States of every kind, with all their fields.

    Args:
        draw: given by Hypothesis.
        kinds: the classes to choose from.
    """
    kind = draw(st.sampled_from(kinds))
    options: dict[str, Any] = {
        "message": draw(st.none() | _texts),
        "context": draw(st.dictionaries(_keys, json_values(), max_size=2)),
        "cached_inputs": draw(st.dictionaries(_keys, results(), max_size=2)),
    }
    if not issubclass(kind, states.Mapped):
        options["result"] = draw(results())
    for owner, fields in _own_fields().items():
        if issubclass(kind, owner):
            options.update({name: draw(field) for name, field in fields.items()})
    return kind(**options)


def _own_fields() -> Mapping[type[State], Mapping[str, st.SearchStrategy[Any]]]:
    counts = st.integers(1, 50)
    return {
        states.Scheduled: {"start_time": moments()},
        states.Retrying: {"run_count": counts},
        states.Queued: {"start_time": moments()},
        states.Looped: {"loop_count": counts},
        states.Mapped: {"n_map_states": counts},
        states._MetaState: {"state": st.none() | all_states((states.Success, states.Retrying))},
        states.Cached: {
            "cached_parameters": st.none() | st.dictionaries(_keys, json_values(), max_size=2),
            "cached_result_expiration": st.none() | moments(),
            "hashed_inputs": st.none() | st.dictionaries(_keys, _texts, max_size=2),
        },
    }


# What does not belong where it is put: all sorts of types, many of which JSON has not.
GARBAGE: tuple[Any, ...] = (
    None, True, False, 0, -1, 3, 2.5, 10**400, float("nan"), float("inf"), "", "x", "\ud800", "3",
    "2021-02-30T00:00:00+00:00", b"x", (), [], [[]], {}, {"type": "Success"}, {1: 2}, {None: {}},
    set(), object(), int, "LocalResult", "SafeResult", "CustomResult", {"type": "SafeResult"},
    {"type": "JSONSerializer", "x": 1}, {"type": "CompressedSerializer"}, {"encoding": "base64"},
)  # fmt: skip
_FIELDS = (
    "state", "value", "result_handler", "serializer", "type", "location", "start_time", "dir",
    "serialized", "custom_type", "n_map_states", "run_count", "_result", "cached_inputs", 3, None,
)  # fmt: skip


def spoiled(form: Any, random: Random) -> Any:
    """Returns a wire form with something in it replaced, removed or added.

    Args:
        form: a good one; it is not changed.
        random: chooses.
    """
    if not isinstance(form, dict) or not form or random.random() < 0.1:
        return random.choice(GARBAGE)
    copy = dict(form)
    key = random.choice(list(copy))
    action = random.randrange(5)
    if action < 2:
        copy[key] = spoiled(copy[key], random)
    elif action == 2:
        copy[key] = random.choice(GARBAGE)
    elif action == 3:
        del copy[key]
    else:
        copy[random.choice(_FIELDS)] = random.choice(GARBAGE)
    return copy
