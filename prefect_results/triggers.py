"""Triggers: may a task run, given how the tasks before it ended?

What belongs here: functions from upstream states to True, which raise the signal of the state
the task gets instead. What does not: when they are called (the engine), and the skipping that
comes before them.

A mapped upstream task counts as its children. Skipped counts as successful, trigger-failed as
failed. Names, messages and thresholds are those of Prefect 1.4.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from prefect_results import signals
from prefect_results.context import context
from prefect_results.states import Mapped

if TYPE_CHECKING:
    from prefect_results.states import State

    # by the edge that leads to the task
    UpstreamStates = Mapping[Any, State]
    Trigger = Callable[[UpstreamStates], bool]


def _each(upstream_states: UpstreamStates) -> Iterator[State]:
    """Yield the upstream states, mapped ones as their children."""
    for state in upstream_states.values():
        if isinstance(state, Mapped):
            yield from state.map_states
        else:
            yield state


def _get_all_states_as_set(upstream_states: UpstreamStates) -> set[State]:
    """Return the upstream states, each once, mapped ones as their children."""
    return set(_each(upstream_states))


def all_finished(upstream_states: UpstreamStates) -> bool:
    """Run whatever came of the upstream tasks; alias `always_run`.

    Args:
        upstream_states: The upstream states by edge.

    Raises:
        TRIGGERFAIL: One of them is not finished.
    """
    for state in _each(upstream_states):
        if not state.is_finished():
            raise signals.TRIGGERFAIL(
                'Trigger was "all_finished" but some of the upstream tasks were not finished.'
            )
    return True


def manual_only(upstream_states: UpstreamStates) -> bool:
    """Run only when somebody resumes the task: when the context holds a true `resume`.

    Args:
        upstream_states: The upstream states by edge; not looked at.

    Raises:
        PAUSE: Nobody did.
    """
    if context.get("resume"):
        return True
    raise signals.PAUSE('Trigger function is "manual_only"')


def all_successful(upstream_states: UpstreamStates) -> bool:
    """Run if all upstream tasks succeeded; the default of a task.

    Args:
        upstream_states: The upstream states by edge.

    Raises:
        TRIGGERFAIL: One of them did not.
    """
    for state in _each(upstream_states):
        if not state.is_successful():
            raise signals.TRIGGERFAIL(
                'Trigger was "all_successful" but some of the upstream tasks failed.'
            )
    return True


def all_failed(upstream_states: UpstreamStates) -> bool:
    """Run if all upstream tasks failed.

    Args:
        upstream_states: The upstream states by edge.

    Raises:
        TRIGGERFAIL: One of them did not.
    """
    for state in _each(upstream_states):
        if not state.is_failed():
            raise signals.TRIGGERFAIL(
                'Trigger was "all_failed" but some of the upstream tasks succeeded.'
            )
    return True


def any_successful(upstream_states: UpstreamStates) -> bool:
    """Run if an upstream task succeeded, or if there is none.

    Args:
        upstream_states: The upstream states by edge.

    Raises:
        TRIGGERFAIL: None of them did.
    """
    if upstream_states and not any(s.is_successful() for s in _each(upstream_states)):
        raise signals.TRIGGERFAIL(
            'Trigger was "any_successful" but none of the upstream tasks succeeded.'
        )
    return True


def any_failed(upstream_states: UpstreamStates) -> bool:
    """Run if an upstream task failed, or if there is none.

    Args:
        upstream_states: The upstream states by edge.

    Raises:
        TRIGGERFAIL: None of them did.
    """
    if upstream_states and not any(s.is_failed() for s in _each(upstream_states)):
        raise signals.TRIGGERFAIL('Trigger was "any_failed" but none of the upstream tasks failed.')
    return True


def not_all_skipped(upstream_states: UpstreamStates) -> bool:
    """Run if all upstream tasks succeeded and not all of them were skipped.

    Args:
        upstream_states: The upstream states by edge.

    Raises:
        SKIP: All were skipped.
        TRIGGERFAIL: One of them did not succeed.
    """
    upstream = _get_all_states_as_set(upstream_states)
    if all(state.is_skipped() for state in upstream):
        raise signals.SKIP("All upstreams were skipped", result=None)
    if not all(state.is_successful() for state in upstream):
        raise signals.TRIGGERFAIL(
            'Trigger was "not_all_skipped" but some of the upstream tasks failed.'
        )
    return True


def _within(count: int, total: int, at_least: float | None, at_most: float | None) -> bool:
    """Tell whether a count is in the bounds; a bound below 1 is a share of the total."""
    low = 0.0 if at_least is None else at_least * total if at_least < 1 else at_least
    high = total if at_most is None else at_most * total if at_most < 1 else at_most
    return low <= count <= high


def some_failed(at_least: float | None = None, at_most: float | None = None) -> Trigger:
    """Make a trigger that runs a task if enough, and not too many, upstream tasks failed.

    Args:
        at_least: The fewest failures; a number below 1 is a share of the upstream tasks. None
            by default: no lower bound.
        at_most: The most failures, in the same way. None by default: no upper bound.
    """

    def _some_failed(upstream_states: UpstreamStates) -> bool:
        upstream = _get_all_states_as_set(upstream_states)
        failed = sum(state.is_failed() for state in upstream)
        if upstream_states and not _within(failed, len(upstream), at_least, at_most):
            raise signals.TRIGGERFAIL('Trigger was "some_failed" but thresholds were not met.')
        return True

    return _some_failed


def some_successful(at_least: float | None = None, at_most: float | None = None) -> Trigger:
    """Make a trigger that runs a task if enough, and not too many, upstream tasks succeeded.

    Args:
        at_least: The fewest successes; a number below 1 is a share of the upstream tasks. None
            by default: no lower bound.
        at_most: The most successes, in the same way. None by default: no upper bound.
    """

    def _some_successful(upstream_states: UpstreamStates) -> bool:
        upstream = _get_all_states_as_set(upstream_states)
        succeeded = sum(state.is_successful() for state in upstream)
        if upstream_states and not _within(succeeded, len(upstream), at_least, at_most):
            raise signals.TRIGGERFAIL('Trigger was "some_successful" but thresholds were not met.')
        return True

    return _some_successful


always_run = all_finished
