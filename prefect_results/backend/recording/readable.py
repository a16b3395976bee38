"""Values without a storage, recorded such that Prefect 1.4.1 can read them too.

Its views find a value by its location only. What JSON holds exactly is recorded as a
`PrefectResult`, whose location is the JSON text; any other value stays pickled in its state.
"""

from __future__ import annotations

from math import isfinite
from typing import Any

from prefect_results.results import PrefectResult, Result
from prefect_results.states import Mapped, State

# Larger collections stay pickled, which takes less time and room.
MOST_ITEMS = 10_000

_AS_JSON = PrefectResult()
_PLAIN = Result()


def readable(state: State) -> State:
    """Return the state as it is recorded: itself, or a copy with its value as JSON.

    Args:
        state: any state.
    """
    if not state.is_successful() or isinstance(state, Mapped) or not is_json(state._result):
        return state
    new: State = object.__new__(type(state))
    new.__dict__.update(state.__dict__)
    new._result = _AS_JSON.write(state.result)
    return new


def is_json(result: Result) -> bool:
    """Whether a result without a storage has a value that JSON holds exactly."""
    return (
        type(result) is Result
        and not result.serialized
        and result.serializer is _PLAIN.serializer
        and _left_after(result.value, MOST_ITEMS) >= 0
    )


def json_text(value: Any) -> str:
    """Return what is recorded as the location of a value: its JSON text."""
    text: str = _AS_JSON.serializer.serialize(value).decode()
    return text


def _left_after(value: Any, items: int) -> int:
    """How many items are left after those of a value; negative if JSON would change it."""
    kind = type(value)
    if kind in (str, int, bool) or value is None:
        return items - 1
    if kind is float:
        return items - 1 if isfinite(value) else -1
    if kind is dict:
        if not all(type(key) is str for key in value):
            return -1
        value = value.values()
    elif kind is not list:
        return -1
    for item in value:
        items = _left_after(item, items)
        if items < 0:
            return -1
    return items - 1
