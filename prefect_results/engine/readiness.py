"""Steps that decide whether a run may start: its state and its start time."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from prefect_results.context import context as ambient
from prefect_results.signals import ENDRUN
from prefect_results.states import Paused, Resume, Scheduled

if TYPE_CHECKING:
    import logging

    from prefect_results.states import State


def task_is_ready(state: State, logger: logging.Logger, name: str) -> State:
    """Go on with a pending, mapped or cached task; end the run of any other.

    A mapped task goes on so that its children are generated again, a cached one so that its
    cache is validated.

    Raises:
        ENDRUN: if the task is running, finished, or in an unknown state.
    """
    if state.is_pending() or state.is_cached():
        return state
    if state.is_mapped():
        logger.debug(
            "Task '%s': task is already mapped, but run will proceed so children are generated.",
            name,
        )
        return state
    if state.is_running():
        logger.debug("Task '%s': task is already running.", name)
    elif state.is_finished():
        logger.debug("Task '%s': Task is already finished.", name)
    else:
        logger.debug(
            "Task '%s': Task is not ready to run or state was unrecognized (%s).", name, state
        )
    raise ENDRUN(state)


def task_reached_start_time(state: State, logger: logging.Logger, name: str) -> State:
    """Go on unless the state is `Scheduled` (or `Retrying` ...) for later, or for no known time.

    Raises:
        ENDRUN: if the start time is unknown or in the future.
    """
    if not isinstance(state, Scheduled):
        return state
    if state.start_time is None:
        logger.debug("Task '%s' is scheduled without a known start_time; ending run.", name)
        raise ENDRUN(state)
    if is_in_future(state.start_time):
        logger.debug("Task '%s': start_time has not been reached; ending run.", name)
        raise ENDRUN(state)
    return state


def flow_is_pending_or_running(state: State, logger: logging.Logger) -> State:
    """Go on with a pending or running flow: simultaneous runs of one flow run are allowed.

    Raises:
        ENDRUN: if the flow run is finished, or in an unknown state.
    """
    if state.is_finished():
        logger.info("Flow run has already finished.")
        raise ENDRUN(state)
    if not (state.is_pending() or state.is_running()):
        logger.info("Flow is not ready to run.")
        raise ENDRUN(state)
    return state


def flow_reached_start_time(state: State, logger: logging.Logger, name: str) -> State:
    """Go on unless the flow run is scheduled for later; without a start time it goes on.

    Raises:
        ENDRUN: if the start time is in the future.
    """
    if isinstance(state, Scheduled) and state.start_time and is_in_future(state.start_time):
        logger.debug("Flow '%s': start_time has not been reached; ending run.", name)
        raise ENDRUN(state)
    return state


def should_resume(state: State) -> bool:
    """Whether a person or the clock let a paused task go on."""
    if isinstance(state, Paused):
        return state.start_time is not None and not is_in_future(state.start_time)
    return isinstance(state, Resume)


def is_in_future(time: datetime.datetime) -> bool:
    """Whether `time` is later than now; a naive time is taken as UTC."""
    if time.tzinfo is None:
        time = time.replace(tzinfo=datetime.timezone.utc)
    return time > datetime.datetime.now(datetime.timezone.utc)


def task_name(default: str) -> str:
    """Full name of the task run in the ambient context (with its map index), or `default`."""
    name: str = ambient.get("task_full_name") or default
    return name
