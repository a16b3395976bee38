"""Steps that look at upstream states: finished, skipped, and what the trigger says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect_results.context import context as ambient
from prefect_results.signals import ENDRUN, TRIGGERFAIL, PrefectStateSignal
from prefect_results.states import Mapped, Skipped, State, TriggerFailed

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterator, Mapping

    from prefect_results.core import Edge, Task

SKIPPED_MESSAGE = (
    "Upstream task was skipped; if this was not the intended behavior, consider changing "
    "`skip_on_upstream_skip=False` for this task."
)


def upstream_finished(
    state: State, upstream_states: Mapping[Edge, State], logger: logging.Logger, name: str
) -> State:
    """Go on when every upstream state is finished; for a reduce, every mapped child's too.

    Raises:
        ENDRUN: if one is not; the task's state stays as it is.
    """
    if not all(upstream.is_finished() for upstream in _each(upstream_states)):
        logger.debug("Task '%s': Not all upstream states are finished; ending run.", name)
        raise ENDRUN(state)
    return state


def upstream_skipped(
    state: State,
    upstream_states: Mapping[Edge, State],
    task: Task,
    logger: logging.Logger,
    name: str,
) -> State:
    """Skip the task when an upstream task was skipped, unless it opted out.

    Raises:
        ENDRUN: with a `Skipped` state if the task is skipped.
    """
    if task.skip_on_upstream_skip and any(
        upstream.is_skipped() for upstream in _each(upstream_states)
    ):
        logger.debug("Task '%s': Upstream states were skipped; ending run.", name)
        raise ENDRUN(Skipped(message=SKIPPED_MESSAGE))
    return state


def trigger_passes(
    state: State,
    upstream_states: Mapping[Edge, State],
    task: Task,
    logger: logging.Logger,
    name: str,
) -> State:
    """Ask the task's trigger.

    Raises:
        ENDRUN: with the state of the signal that the trigger raised, with `TriggerFailed` if it
            returned something false or failed.
        PrefectStateSignal, Exception: what the trigger raised, with `raise_on_exception` in the
            context.
    """
    try:
        if not task.trigger(upstream_states):
            raise TRIGGERFAIL(message="Trigger failed")
    except PrefectStateSignal as exc:
        logger.debug("Task '%s': %s signal raised during execution.", name, type(exc).__name__)
        if ambient.get("raise_on_exception"):
            raise
        raise ENDRUN(exc.state) from exc
    except Exception as exc:
        logger.exception(f"Task '{name}': Unexpected error while evaluating task trigger: {exc!r}")
        if ambient.get("raise_on_exception"):
            raise
        raise ENDRUN(
            TriggerFailed(f"Unexpected error while checking task trigger: {exc!r}", result=exc)
        ) from exc
    return state


def _each(upstream_states: Mapping[Edge, State]) -> Iterator[Any]:
    """Each upstream state; for a task that is not mapped itself, each child of a mapped one."""
    for edge, upstream in upstream_states.items():
        if isinstance(upstream, Mapped) and not edge.mapped:
            yield from upstream.map_states
        else:
            yield upstream
