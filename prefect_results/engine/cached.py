"""Steps that look for a value that is there already, and keep one for later runs."""

from __future__ import annotations

from logging import INFO
from typing import TYPE_CHECKING, Any

from prefect_results.caching.hashing import hash_inputs
from prefect_results.context import context as ambient
from prefect_results.engine.inputs import named_values, template_values
from prefect_results.exceptions import DeserializationError, NotFound, StorageError
from prefect_results.logging import emit_line
from prefect_results.results import StoredResult
from prefect_results.results.location import fill, names_in
from prefect_results.states import Cached, Pending
from prefect_results.states.clock import now

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Mapping

    from prefect_results.core import Task
    from prefect_results.engine.shared_cache import Place
    from prefect_results.results import Result
    from prefect_results.states import State

# The context key under which a recorded run has what gives the Cached states of earlier ones.
CACHED_STATES = "_cached_states"

INVALID_MESSAGE = "Cache was invalid; ready to run."


def is_recorded() -> bool:
    """Whether the run is recorded in a run store; to show its progress is not to record it."""
    return CACHED_STATES in ambient.current()


def found_at_target(
    state: State,
    task: Task,
    result: Result,
    inputs: Mapping[str, Any],
    logger: logging.Logger,
    name: str,
    wait: Callable[[str], object] | None = None,
) -> State:
    """Give a `Cached` state when there is a readable result at the task's target.

    What cannot be read (damaged, truncated, of a missing module) is a miss, with a warning.

    Args:
        state: the state so far.
        task: the task; its target is a template, or a callable of what templates are filled from.
        result: the result type to look with.
        inputs: the values of the run's inputs.
        logger: the runner's logger.
        name: full name of the task run.
        wait: called with the place of the target; returns once nothing is being stored there.

    Returns:
        The cached state, or the given one.
    """
    if not task.target:
        return state
    location = _location_of(task.target, inputs)
    if wait is not None:
        wait(result._canonical(location) if isinstance(result, StoredResult) else location)
    # Our own types tell by reading whether there is something, which saves a look-up.
    if not isinstance(result, StoredResult):
        values = template_values(inputs)
        target = task.target if isinstance(task.target, str) else location
        if not result.exists(target, **values):
            return state
    try:
        found = result.read(location)
    except NotFound:
        return state
    except (StorageError, DeserializationError) as exc:
        logger.warning(
            f"Task '{name}': The result at target {location} cannot be used, so the task runs: "
            f"{exc}"
        )
        return state
    if logger.isEnabledFor(INFO):
        emit_line(
            logger,
            INFO,
            f"Task '{name}': Using the result found at target {location}; the task is not run.",
        )
    return Cached(
        result=found,
        hashed_inputs=hash_inputs(inputs),
        cached_result_expiration=None,
        cached_parameters=ambient.get("parameters"),
        message=f"Result found at task target {location}",
    )


def _location_of(target: str | Callable[..., str], inputs: Mapping[str, Any]) -> str:
    """The location of a target: most templates name few of the values that there are."""
    if isinstance(target, str):
        values = named_values(target, inputs)
        if values.keys() >= names_in(target):
            return fill(target, values)
        return fill(target, template_values(inputs))
    values = template_values(inputs)
    return fill(fill(target, values), values)


def found_in_cache(
    state: State,
    task: Task,
    inputs: Mapping[str, Any],
    logger: logging.Logger,
    name: str,
    place: Place | None = None,
) -> State:
    """Give a valid `Cached` state: the run's own, or one that earlier runs left.

    They leave them in the context; recorded runs in the run store too.

    Args:
        state: the state so far.
        task: says what is valid (`cache_validator`) and where to look (`cache_key`).
        inputs: the values of the run's inputs.
        logger: the runner's logger.
        name: full name of the task run.
        place: where other processes keep a cached state too; None if nowhere.

    Returns:
        The cached state, or a state to run from.
    """
    if task.cache_for is None and not state.is_cached():
        return state
    parameters = ambient.get("parameters")
    if state.is_cached():
        if task.cache_validator(state, inputs, parameters):
            return _usable(state, logger, name) or Pending(INVALID_MESSAGE)
        state = Pending(INVALID_MESSAGE)
    if task.cache_for is None:
        return state

    key = task.cache_key or task.name
    candidates = (ambient.get("caches") or {}).get(key, [])
    if place is not None and (shared := place.get(name, logger)) is not None:
        candidates = [*candidates, shared]
    recorded = ambient.get(CACHED_STATES)
    if recorded is not None:
        candidates = [*candidates, *recorded(task)]
    for candidate in candidates:
        if task.cache_validator(candidate, inputs, parameters):
            usable = _usable(candidate, logger, name)
            if usable is not None:
                return usable
    if candidates:
        logger.warning(f"Task '{name}': Can't use cache because it is now invalid")
    else:
        logger.info(f"Task '{name}': Nothing is cached under {key!r}; the task runs.")
    return state


def _usable(candidate: State, logger: logging.Logger, name: str) -> State | None:
    """The cached state with its value loaded; `None`, with a warning, if that cannot be read."""
    if candidate._result.serialized:
        try:
            candidate.load_result()
        except (StorageError, DeserializationError) as exc:
            logger.warning(
                f"Task '{name}': The cached result at {candidate._result.location} cannot be used, "
                f"so it is computed again: {exc}"
            )
            return None
    expiration = getattr(candidate, "cached_result_expiration", None)
    until = "" if expiration is None else f", which expires at {expiration}"
    if logger.isEnabledFor(INFO):
        text = f"Task '{name}': Using a cached result{until}; the task is not run."
        emit_line(logger, INFO, text)
    return candidate


def kept_for_later(state: State, task: Task, inputs: Mapping[str, Any]) -> State:
    """Turn the success of a task with `cache_for` into `Cached`; leave any other state.

    Args:
        state: the state after the run.
        task: says how long (`cache_for`).
        inputs: the values of the run's inputs; their hashes are kept, for validators.

    Returns:
        `Cached`, or the given state.
    """
    if task.cache_for is None or not state.is_successful() or state.is_skipped():
        return state
    return Cached(
        result=state._result,
        hashed_inputs=hash_inputs(inputs),
        cached_result_expiration=now() + task.cache_for,
        cached_parameters=ambient.get("parameters"),
        message=state.message,
    )
