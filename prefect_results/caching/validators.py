"""Cache validators: may the value of a `Cached` state stand in for another run of the task?

A validator is a callable of `(state, inputs, parameters)` that returns a bool; all of them
respect the cache's expiration. The names and the signature are Prefect 1.4.1's
(`prefect.engine.cache_validators`). Not here: where cached states are kept and looked up.
"""

from __future__ import annotations

import datetime
import sys
from typing import TYPE_CHECKING, Any

from prefect_results.caching.hashing import tokenize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from prefect_results.states import Cached

    Validator = Callable[[Cached, Mapping[str, Any], Mapping[str, Any] | None], bool]


def never_use(
    state: Cached, inputs: Mapping[str, Any], parameters: Mapping[str, Any] | None
) -> bool:
    """Never use the cache: the default of a task without `cache_for`.

    Args:
        state: the candidate.
        inputs: values of the current run's inputs by argument name.
        parameters: the current flow run's parameters.

    Returns:
        Always `False`.
    """
    return False


def duration_only(
    state: Cached, inputs: Mapping[str, Any], parameters: Mapping[str, Any] | None
) -> bool:
    """Use the cache until it expires: the default of a task with `cache_for`.

    Args:
        state: the candidate; without `cached_result_expiration` it never expires.
        inputs: values of the current run's inputs by argument name; not looked at.
        parameters: the current flow run's parameters; not looked at.

    Returns:
        Whether the candidate is unexpired.
    """
    expiration = state.cached_result_expiration
    if expiration is None:
        return True
    if expiration.tzinfo is None:
        expiration = expiration.replace(tzinfo=datetime.timezone.utc)
    return bool(expiration > datetime.datetime.now(datetime.timezone.utc))


def all_inputs(
    state: Cached, inputs: Mapping[str, Any], parameters: Mapping[str, Any] | None
) -> bool:
    """Use the cache until it expires, as long as every input is what it was.

    Args:
        state: the candidate; compared by `hashed_inputs`, or by the values of `cached_inputs`
            where it has no hashes.
        inputs: values of the current run's inputs by argument name. Arrays and data frames are
            compared by content.
        parameters: the current flow run's parameters; not looked at.

    Returns:
        Whether the candidate may be used.
    """
    return duration_only(state, inputs, parameters) and _same_inputs(state, inputs, None)


def all_parameters(
    state: Cached, inputs: Mapping[str, Any], parameters: Mapping[str, Any] | None
) -> bool:
    """Use the cache until it expires, as long as every flow parameter is what it was.

    Args:
        state: the candidate, with `cached_parameters`.
        inputs: values of the current run's inputs by argument name; not looked at.
        parameters: the current flow run's parameters.

    Returns:
        Whether the candidate may be used.
    """
    return duration_only(state, inputs, parameters) and _same(state.cached_parameters, parameters)


def partial_inputs_only(validate_on: Iterable[str] | None = None) -> Validator:
    """Make a validator that looks at some inputs only.

    Args:
        validate_on: names of the inputs that must be what they were; `None` looks at none of
            them, so that only the expiration counts.

    Returns:
        A validator.
    """
    # A list under this name, because that is how a serialized flow says what a validator looks at.
    validate_on = None if validate_on is None else list(validate_on)

    def partial_inputs(
        state: Cached, inputs: Mapping[str, Any], parameters: Mapping[str, Any] | None
    ) -> bool:
        if not duration_only(state, inputs, parameters):
            return False
        return validate_on is None or _same_inputs(state, inputs or {}, frozenset(validate_on))

    if validate_on is not None:
        partial_inputs._looks_at = ("inputs", validate_on)  # type: ignore[attr-defined]
    return partial_inputs


def partial_parameters_only(validate_on: Iterable[str] | None = None) -> Validator:
    """Make a validator that looks at some flow parameters only.

    Args:
        validate_on: names of the parameters that must be what they were; `None` looks at none
            of them, so that only the expiration counts.

    Returns:
        A validator.
    """
    validate_on = None if validate_on is None else list(validate_on)

    def partial_parameters(
        state: Cached, inputs: Mapping[str, Any], parameters: Mapping[str, Any] | None
    ) -> bool:
        if not duration_only(state, inputs, parameters):
            return False
        if validate_on is None:
            return True
        names = frozenset(validate_on)
        cached = _only(state.cached_parameters or {}, names)
        return _same(cached, _only(parameters or {}, names))

    if validate_on is not None:
        partial_parameters._looks_at = ("parameters", validate_on)  # type: ignore[attr-defined]
    return partial_parameters


def what_counts(
    validator: Validator, inputs: Mapping[str, Any], parameters: Mapping[str, Any] | None
) -> str | None:
    """What must be equal for runs to be served by the same cached value, as a text.

    Args:
        validator: one of this module's, or a user's own, for which nothing but the key counts.
        inputs: values of the run's inputs by argument name.
        parameters: the flow run's parameters.

    Returns:
        A text that is equal in any process; None where no run is served by another one's value.
    """
    if validator is never_use:
        return None
    kind, names = getattr(validator, "_looks_at", ("", None))
    if validator is all_inputs:
        kind = "inputs"
    elif validator is all_parameters:
        kind = "parameters"
    if not kind:
        return ""
    try:
        looked_at = inputs if kind == "inputs" else parameters or {}
        return tokenize(_only(looked_at, None if names is None else frozenset(names)))
    except Exception:
        return None


def _only(values: Mapping[str, Any], names: frozenset[str] | None) -> dict[str, Any]:
    if names is None:
        return dict(values)
    return {key: value for key, value in values.items() if key in names}


def _same_inputs(state: Cached, inputs: Mapping[str, Any], names: frozenset[str] | None) -> bool:
    current = _only(inputs, names)
    hashes = getattr(state, "hashed_inputs", None)
    if hashes is not None:
        cached = _only(hashes, names)
        return cached.keys() == current.keys() and all(
            _has_token(value, cached[key]) for key, value in current.items()
        )
    results = _only(state.cached_inputs or {}, names)
    return _same({key: result.value for key, result in results.items()}, current)


def _has_token(value: Any, token: str) -> bool:
    try:
        return tokenize(value) == token
    except Exception:
        return False


def _same(left: Any, right: Any) -> bool:
    """Equality that never raises: values whose `==` has no truth value are compared by hash."""
    if left is right:
        return True
    try:
        equal = left == right
        if isinstance(equal, bool):
            return equal
    except Exception:
        if "numpy" not in sys.modules:
            return False
    try:
        return tokenize(left) == tokenize(right)
    except Exception:
        return False
