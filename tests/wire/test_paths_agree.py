"""The fast path and marshmallow's ordinary path give the same answers, errors included."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError, post_dump

from prefect_results.results import Result
from prefect_results.states import State, Success
from prefect_results.testing.wire import all_states, results, spoiled
from prefect_results.wire import ResultSchema, SerializerSchema, StateSchema
from prefect_results.wire.ordinary import is_ordinary
from prefect_results.wire.plan import plan_of


def ordinary(schema: type[Any]) -> Any:
    """Returns an instance that takes the ordinary path, at the top and in each nested schema."""

    def mark(self: Any, data: Any, **kwargs: Any) -> Any:
        return data

    return type(f"Slow{schema.__name__}", (schema,), {"mark": post_dump(mark)})()


SLOW_STATES = ordinary(StateSchema)
SLOW_RESULTS = ordinary(ResultSchema)


def take_the_ordinary_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes the fast path away from every schema."""
    for module in ("plan", "schema", "family", "links", "serializers"):
        for name, answer in (("is_ordinary", False), ("plan_of", None)):
            path = f"prefect_results.wire.{module}.{name}"
            monkeypatch.setattr(path, lambda kind, answer=answer: answer, raising=False)


def outcome(action: Any, argument: Any) -> Any:
    """Returns what an action returns, or the errors that it raises."""
    try:
        return action(argument)
    except ValidationError as exc:
        return "refused", repr(exc.messages)


def facts(found: Any, form: Any) -> Any:
    """Returns what can be compared of a loaded state, or the errors."""
    if not isinstance(found, State):
        return found
    fields = {
        name: value
        for name, value in found.__dict__.items()
        # The time is now where the form says none.
        if name not in ("_state", "start_time") or form.get("start_time")
    }
    return type(found), repr(fields), repr(found.serialize()) if form.get("start_time") else None


def on_both_paths(action: Any, argument: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    """Returns the outcome of an action on the fast path, and on the ordinary one."""
    fast = outcome(action, argument)
    with monkeypatch.context() as patch:
        take_the_ordinary_path(patch)
        slow = outcome(action, argument)
    return fast, slow


def test_the_fast_path_is_taken() -> None:
    """Every member of the families has a plan, so that the tests here compare two things."""
    assert all(is_ordinary(kind) for kind in (StateSchema, ResultSchema, SerializerSchema))
    assert not is_ordinary(type(SLOW_STATES))
    for schema in StateSchema.type_schemas.values():
        assert plan_of(schema) is not None
    for name in ("Result", "LocalResult", "PrefectResult", "NoResultType", "SecretResult"):
        assert plan_of(ResultSchema.type_schemas[name]) is not None


@given(all_states())
def test_dumps_of_states(state: State) -> None:
    """A state is dumped alike."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        fast, slow = on_both_paths(lambda one: StateSchema().dump(one), state, monkeypatch)
    assert fast == slow
    assert list(fast) == list(slow)
    assert SLOW_STATES.dump(state) == fast


@given(results())
def test_dumps_of_results(result: Result) -> None:
    """A result is dumped alike."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        fast, slow = on_both_paths(lambda one: ResultSchema().dump(one), result, monkeypatch)
    assert fast == slow
    assert SLOW_RESULTS.dump(result) == fast


@settings(max_examples=25)
@given(st.integers(), all_states())
def test_loads_of_states(seed: int, state: State) -> None:
    """Forms, good or bad, are loaded alike or refused alike."""
    good, random = state.serialize(), Random(seed)
    forms = [good, *(spoiled(good, random) for _ in range(40))]
    fast = [outcome(StateSchema().load, form) for form in forms]
    with pytest.MonkeyPatch.context() as monkeypatch:
        take_the_ordinary_path(monkeypatch)
        slow = [outcome(StateSchema().load, form) for form in forms]
    for form, one, other in zip(forms, fast, slow, strict=True):
        assert facts(one, form) == facts(other, form), form


@pytest.mark.parametrize(
    "state",
    [
        Success(context={"a": object()}),
        Success(result=(item for item in [])),
        Success(cached_inputs={"a": 3, "b": Result(object)}),  # type: ignore[dict-item]
        Success(cached_inputs=[3]),  # type: ignore[arg-type]
        Success(context=[3]),  # type: ignore[arg-type]
        Success(3, context={(): 1}),  # type: ignore[dict-item]
    ],
)
def test_refused_dumps(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    """A state that cannot be dumped is refused alike."""
    fast, slow = on_both_paths(lambda one: StateSchema().dump(one), state, monkeypatch)
    assert fast[0] == "refused"
    assert fast == slow
