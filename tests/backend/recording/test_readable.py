"""Values without a storage are recorded as JSON, where JSON holds them exactly."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefect_results.backend.recording.readable import MOST_ITEMS, readable
from prefect_results.results import LocalResult, PrefectResult, Result
from prefect_results.serializers import JSONSerializer
from prefect_results.states import Cached, Failed, State, Success

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(
    SCALARS | st.tuples(SCALARS) | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
)


@given(VALUES)
def test_values_come_back_as_they_were(value):
    """Types included, whichever form was chosen; the state that is recorded stays as it is."""
    state = Cached("done", result=value, context={"tags": ["a"]})
    form = json.loads(json.dumps(readable(state).serialize()))
    back = State.deserialize(form).load_result()
    assert repr(back.result) == repr(value)
    assert (type(back), back.message, back.context) == (Cached, "done", {"tags": ["a"]})
    assert type(state._result) in (Result, type(state._result)) and state.result is value


@pytest.mark.parametrize("value", [None, 1, "x", 1.5, True, [1, {"a": [None]}]])
def test_what_json_holds_exactly_is_json(value):
    """Its location is the text, by which Prefect 1.4.1 finds it."""
    recorded = readable(Success(result=Result(value)))
    assert type(recorded._result) is PrefectResult
    assert json.loads(recorded._result.location) == value


@pytest.mark.parametrize("value", [(1,), {1: 2}, b"x", float("inf"), [0] * MOST_ITEMS, {1}])
def test_what_json_would_change_stays(value):
    """Neither does a large collection become text."""
    state = Success(result=Result(value))
    assert readable(state) is state


def test_other_states_and_types_stay(tmp_path):
    """Only the values of successful runs without a storage and a serializer are concerned."""
    for state in (
        Failed(result=ValueError("x")),
        Success(),
        Success(result=LocalResult(str(tmp_path), value=1)),
        Success(result=Result(1, serializer=JSONSerializer())),
    ):
        assert readable(state) is state
