"""What a state carries: message, result, context, cached inputs, and the fields of its kind."""

from __future__ import annotations

import copy
import datetime
import pickle
import sys
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pandas as pd
import pendulum
import pytest

from prefect_results.context import context
from prefect_results.exceptions import ConfigurationError
from prefect_results.results import LocalResult, NoResult, PrefectResult, Result
from prefect_results.states import (
    Cached,
    Failed,
    Looped,
    Mapped,
    Paused,
    Pending,
    Queued,
    Resume,
    Retrying,
    Running,
    Scheduled,
    State,
    Submitted,
    Success,
    codec,
    register_codec,
)

WHEN = datetime.datetime(2021, 5, 12, 18, 0, 1, tzinfo=datetime.timezone.utc)


def test_defaults() -> None:
    """A state starts with no message, no result, and empty dicts of its own."""
    state = State()
    assert state.message is None
    assert state._result is NoResult
    assert state.result is None
    assert state.context == {}
    assert state.cached_inputs == {}
    assert state.context is not State().context


def test_results_are_wrapped() -> None:
    """A value becomes a Result; a Result stays what it is; None set later is a value."""
    state = Success(result=3)
    assert state.result == 3
    assert type(state._result) is Result
    result = LocalResult(dir="/x", validate_dir=False, value=5)
    state.result = result
    assert state._result is result
    assert state.result == 5
    state.result = None
    assert type(state._result) is Result
    assert state._result is not NoResult


def test_states_seal_results_of_users() -> None:
    """A result that a user's type leaves assignable is frozen when a state takes it."""

    class Mine(Result):
        pass

    draft = Mine().copy()
    draft.value = 3
    assert Success(result=draft).result == 3
    with pytest.raises(AttributeError):
        draft.value = 4


def test_tags_come_from_the_context() -> None:
    """The tags of the task that runs are noted, unless the state has some; dicts stay as given."""
    given = {"a": 1}
    with context(task_tags={"x"}):
        assert Success(context=given).context == {"a": 1, "tags": ["x"]}
        assert Success(context={"tags": ["mine"]}).context == {"tags": ["mine"]}
    assert given == {"a": 1}
    assert Success(context=given).context is given


def test_start_times() -> None:
    """Scheduled states start now; paused ones never; naive moments are UTC."""
    before = pendulum.now("utc")
    for kind in (Scheduled, Resume, Retrying, Queued):
        assert before <= kind().start_time <= pendulum.now("utc")
        assert kind(start_time=WHEN).start_time == WHEN
    assert Paused().start_time is None
    assert Paused(start_time=WHEN).start_time == WHEN
    naive = Scheduled(start_time=datetime.datetime(2021, 5, 12))
    assert naive.start_time == pendulum.datetime(2021, 5, 12)
    moment = pendulum.now("Asia/Tokyo")
    assert Scheduled(start_time=moment).start_time is moment
    assert Cached(cached_result_expiration=WHEN).cached_result_expiration == WHEN


def test_counts_come_from_the_context() -> None:
    """Retrying and Looped states count by the context, 1 without."""
    assert (Retrying().run_count, Looped().loop_count) == (1, 1)
    assert (Retrying(run_count=0).run_count, Looped(loop_count=0).loop_count) == (0, 0)
    with context(task_run_count=3, task_loop_count=4):
        assert (Retrying().run_count, Looped().loop_count) == (3, 4)
        assert Scheduled().context == {"task_run_count": 3}
        assert Pending().context == {}


def test_wrappers_are_unwrapped() -> None:
    """A wrapper never wraps a wrapper."""
    inner = Running("r")
    assert Queued(state=Submitted(state=inner)).state is inner
    state = Queued()
    assert state.state is None
    state.state = Submitted(state=Queued(state=inner))
    assert state.state is inner


def test_mapped_states_count_children() -> None:
    """A mapped state knows how many children it has, with or without their states."""
    assert Mapped().n_map_states == 0
    assert Mapped(map_states=[Success(), Failed()]).n_map_states == 2
    assert Mapped(n_map_states=7).n_map_states == 7
    state = Mapped()
    state.n_map_states = 3
    assert state.n_map_states == 3


class Unequal:
    """A value that cannot be compared."""

    def __eq__(self, other: object) -> bool:
        raise RuntimeError

    __hash__ = None  # type: ignore[assignment]


@pytest.mark.parametrize(
    "make",
    [
        lambda: 3,
        lambda: np.arange(5),
        lambda: pd.DataFrame({"a": [1, None]}),
        lambda: {"a": [np.zeros(2), {"b": pd.Series([1])}]},
    ],
)
def test_equality_of_values(make: Any) -> None:
    """States are equal when type and value are, whatever the value is."""
    assert Success(result=make()) == Success("other", result=make(), context={"a": 1})
    assert Success(result=make()) != Failed(result=make())
    assert Success(result=make()) != Success(result=[make()])


def test_equality_never_raises() -> None:
    """Values that cannot be compared are not equal, except to themselves."""
    value = Unequal()
    assert Success(result=value) == Success(result=value)
    assert Success(result=value) != Success(result=Unequal())
    assert Success() != 3


def test_equality_of_fields() -> None:
    """Data count; message and context do not."""
    assert Retrying(start_time=WHEN, run_count=1) != Retrying(start_time=WHEN, run_count=2)
    assert Scheduled(start_time=WHEN) != Scheduled()
    assert Success(cached_inputs={"x": Result(1)}) == Success(cached_inputs={"x": Result(1)})
    assert Success(cached_inputs={"x": Result(1)}) != Success(cached_inputs={"x": Result(2)})
    assert len({Success(), Success()}) == 2


@pytest.mark.parametrize("trip", [copy.copy, copy.deepcopy, "pickle", "cloudpickle"])
def test_copies(trip: Any) -> None:
    """A state can be copied and pickled, all of it."""
    library = {"pickle": pickle, "cloudpickle": cloudpickle}.get(trip)
    for state in (
        Retrying("m", result=[1], start_time=WHEN, run_count=2, cached_inputs={"x": Result(2)}),
        Queued(state=Success("in"), start_time=WHEN),
        Mapped(map_states=[Success(result=1)], n_map_states=1),
        Pending(),
    ):
        twin: Any = trip(state) if library is None else library.loads(library.dumps(state))
        assert type(twin) is type(state)
        assert twin == state
        assert (twin.message, twin.context) == (state.message, state.context)
        assert (twin._result is NoResult) == (state._result is NoResult)


class Stubborn(Exception):
    """An exception that does not pickle."""

    def __reduce__(self) -> Any:
        raise TypeError("no way")


class Signal(Exception):
    """An exception that holds its own state, as signals do."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.state = Failed(message, result=self)


def test_exceptions_that_do_not_pickle_become_words() -> None:
    """A state with such an exception pickles; the state at hand keeps the exception."""
    state = Failed(result=Stubborn("s"))
    twin = pickle.loads(pickle.dumps(state))
    assert "could not be pickled due to TypeError('no way')" in twin.result
    assert "Stubborn('s')" in twin.result
    assert isinstance(state.result, Stubborn)
    kept = pickle.loads(pickle.dumps(Failed(result=ValueError("v"))))
    assert isinstance(kept.result, ValueError)


def test_signals_pickle_with_their_states() -> None:
    """An exception that holds the state that holds it is no endless loop."""
    twin = cloudpickle.loads(cloudpickle.dumps(Signal("s").state))
    assert twin.result.state is twin


def test_size_counts_the_value() -> None:
    """The size of a state has that of its value in it, which schedulers go by."""
    assert sys.getsizeof(Success(result=b"x" * 10_000)) > 10_000
    assert sys.getsizeof(Success()) < 10_000


def test_load_result(tmp_path: Path) -> None:
    """A value is read once, by the state's own result or the one that is given."""
    written = LocalResult(dir=str(tmp_path), location="x").write([1])
    reference = LocalResult(dir=str(tmp_path), location="x")
    state = Success(result=reference)
    assert state.load_result() is state
    assert state.result == [1]
    other = Success(result=Result(location=written.location))
    assert other.load_result(LocalResult(dir=str(tmp_path))).result == [1]
    Path(str(written.location)).unlink()
    assert state.load_result().result == [1]
    assert Success(result=None).load_result().result is None


def test_load_result_of_inline_values() -> None:
    """A value that travelled inside of its state is deserialized."""
    state = Success(result=Result({"a": 1}).serialize())
    assert state.result is None
    assert state._result.value is not None
    assert state != Success(result=Result({"a": 2}).serialize())
    assert state.load_result().result == {"a": 1}
    assert state.load_result(LocalResult(dir="/x", validate_dir=False)).result == {"a": 1}


def test_load_result_of_mapped_states() -> None:
    """A mapped state loads its children, and their values become its own."""
    children: Any = [Success(result=PrefectResult(location="3")), None, Success(result=4)]
    state = Mapped(map_states=children).load_result()
    assert state.result == [3, None, 4]
    assert Mapped().load_result()._result is NoResult


def test_load_cached_results() -> None:
    """Cached inputs are read by themselves, or by the results that are given by name."""
    state = Retrying(
        cached_inputs={
            "own": PrefectResult(location="1"),
            "other": Result(location="2"),
            "here": Result(3),
            "lent": Result(),
            "inline": Result(4).serialize(),
        }
    )
    before = state.cached_inputs
    readers = {"other": PrefectResult(), "lent": PrefectResult(location="5")}
    assert state.load_cached_results(readers) is state
    assert {name: one.value for name, one in state.cached_inputs.items()} == {
        "own": 1,
        "other": 2,
        "here": 3,
        "lent": 5,
        "inline": 4,
    }
    assert before["own"].value is None


def test_codec_is_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """States are serialized by the codec that was registered last, loaded on first use."""
    monkeypatch.setattr(codec._Registered, "loader", None)
    monkeypatch.setattr(codec._Registered, "codec", None)
    with pytest.raises(ConfigurationError, match="No codec"):
        Success().serialize()

    class Fake:
        def dump(self, state: State) -> dict[str, Any]:
            return {"fake": type(state).__name__}

        def load(self, data: Any) -> State:
            return Failed(data)

    register_codec(Fake)
    assert Success().serialize() == {"fake": "Success"}
    assert State.deserialize({}).message == {}
