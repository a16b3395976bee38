"""Cache validators: which cached states may stand in for a run."""

from __future__ import annotations

import datetime

import pytest

from prefect_results.caching import (
    all_inputs,
    all_parameters,
    duration_only,
    hash_inputs,
    never_use,
    partial_inputs_only,
    partial_parameters_only,
)
from prefect_results.results import Result
from prefect_results.states import Cached

UTC = datetime.timezone.utc
LATER = datetime.datetime.now(UTC) + datetime.timedelta(days=1)
EARLIER = datetime.datetime.now(UTC) - datetime.timedelta(days=1)

ALL = [
    duration_only,
    all_inputs,
    all_parameters,
    partial_inputs_only(),
    partial_inputs_only(["x"]),
    partial_parameters_only(),
    partial_parameters_only(["p"]),
]


def cached(**kwargs):
    return Cached(**kwargs)


def test_never_use_refuses_everything():
    """A task without `cache_for` never uses a cache."""
    assert never_use(cached(), {}, {}) is False


@pytest.mark.parametrize("validator", ALL)
def test_an_expired_cache_is_refused_by_all(validator):
    """Each validator respects the expiration."""
    assert validator(cached(cached_result_expiration=EARLIER), {}, {}) is False


@pytest.mark.parametrize(
    "validator", [duration_only, partial_inputs_only(), partial_parameters_only()]
)
@pytest.mark.parametrize("expiration", [None, LATER])
def test_an_unexpired_cache_is_used(validator, expiration):
    """Where only time counts, an unexpired cache is used, and one without expiration always."""
    assert validator(cached(cached_result_expiration=expiration), {"x": 1}, {"p": 1}) is True


@pytest.mark.parametrize("how", ["hashed", "cached"])
def test_all_inputs_compares_each_input(how):
    """One input that is different, missing or new makes the cache invalid."""
    if how == "hashed":
        state = cached(hashed_inputs=hash_inputs({"x": 1, "y": [2]}))
    else:
        state = cached(cached_inputs={"x": Result(1), "y": Result([2])})
    assert all_inputs(state, {"x": 1, "y": [2]}, None)
    assert not all_inputs(state, {"x": 1, "y": [3]}, None)
    assert not all_inputs(state, {"x": 1}, None)
    assert not all_inputs(state, {"x": 1, "y": [2], "z": 3}, None)


@pytest.mark.parametrize("how", ["hashed", "cached"])
def test_partial_inputs_looks_at_the_named_ones_only(how):
    """Inputs that are not named may change."""
    if how == "hashed":
        state = cached(hashed_inputs=hash_inputs({"x": 1, "y": 2}))
    else:
        state = cached(cached_inputs={"x": Result(1), "y": Result(2)})
    validator = partial_inputs_only(["x"])
    assert validator(state, {"x": 1, "y": 3}, None)
    assert not validator(state, {"x": 2, "y": 2}, None)


def test_parameters_are_compared():
    """All parameters, or the named ones, must be what they were."""
    state = cached(cached_parameters={"p": 1, "q": 2})
    assert all_parameters(state, {}, {"p": 1, "q": 2})
    assert not all_parameters(state, {}, {"p": 1, "q": 3})
    assert partial_parameters_only(["p"])(state, {}, {"p": 1, "q": 3})
    assert not partial_parameters_only(["p"])(state, {}, {"p": 2, "q": 2})


def test_no_parameters_at_all_are_no_error():
    """A state or a run without parameters compares as one with none."""
    assert partial_parameters_only(["p"])(cached(), {}, None)
    assert all_parameters(cached(), {}, None)


@pytest.mark.parametrize("how", ["hashed", "cached"])
def test_arrays_and_frames_are_compared_without_raising(how):
    """Inputs whose `==` has no truth value are compared by content."""
    np = pytest.importorskip("numpy")
    pd = pytest.importorskip("pandas")
    inputs = {"x": np.arange(3), "y": pd.DataFrame({"a": [1, 2]})}
    if how == "hashed":
        state = cached(hashed_inputs=hash_inputs(inputs))
    else:
        state = cached(cached_inputs={key: Result(value) for key, value in inputs.items()})
    assert all_inputs(state, {"x": np.arange(3), "y": pd.DataFrame({"a": [1, 2]})}, None)
    assert not all_inputs(state, {"x": np.arange(4), "y": inputs["y"]}, None)
    assert not all_inputs(state, {"x": inputs["x"], "y": pd.DataFrame({"a": [1, 3]})}, None)


def test_an_input_that_cannot_be_hashed_is_never_the_same():
    """What cannot be compared counts as different, without an error."""
    import threading

    lock = threading.Lock()
    state = cached(hashed_inputs=hash_inputs({"x": lock}))
    assert not all_inputs(state, {"x": lock}, None)


def test_a_naive_expiration_is_utc():
    """A datetime without a zone does not raise."""
    naive = datetime.datetime.now(UTC).replace(tzinfo=None) + datetime.timedelta(hours=1)
    state = cached()
    state.cached_result_expiration = naive
    assert duration_only(state, {}, {})
