"""The value of a recorded task run: whether there is one, fetching it, and saying why not.

What belongs here: one run's result. What does not: children of mapped tasks (`children`) and how
data becomes a value (`prefect_results.results`).
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from prefect_results.exceptions import (
    NotFound,
    ResultNotKept,
    ResultWithoutLocation,
    RunNotFinished,
    UnknownResultType,
)
from prefect_results.results import NoResultType, Result
from prefect_results.states import Success

if TYPE_CHECKING:
    from prefect_results.backend.views.task_run import TaskRunView

NOT_LOADED: Any = object()
"""Stands for a value that was not loaded, as None is a value."""


class Loaded:
    """What was loaded for one view; threads that ask at the same time load it once."""

    __slots__ = ("children", "lock", "value")

    def __init__(self, value: Any = NOT_LOADED) -> None:
        self.value = value
        self.children: dict[int, Any] = {}
        self.lock = threading.RLock()

    def fetch(self, run: TaskRunView) -> Any:
        """Return the value of a task run that is not mapped, from where it is stored."""
        return load(run)

    def __reduce__(self) -> tuple[Any, ...]:
        # Values are loaded again where the view is unpickled: they may be large.
        return (type(self), ())


def named(run: TaskRunView) -> str:
    """Return what a task run is called in messages: `inc-1[2]`."""
    return run.task_slug if run.map_index < 0 else f"{run.task_slug}[{run.map_index}]"


def require_finished(run: TaskRunView) -> None:
    """Raise unless a task run is finished.

    Raises:
        RunNotFinished: It is not.
    """
    if not run.state.is_finished():
        raise RunNotFinished(
            "The task result cannot be loaded if it is not finished. "
            f"Task run {named(run)!r} of flow run {run.flow_run_id} is in state {run.state!r}; "
            "wait for its flow run, then look at `get_latest()`."
        )


def require_result(run: TaskRunView) -> Result:
    """Return the result of a finished task run that is not mapped, without loading it.

    Raises:
        ResultNotKept: It has none.
        ResultWithoutLocation: Its value was not stored.
        UnknownResultType: Its type is not registered here.
    """
    result = run.state._result
    if not isinstance(result, Result) or isinstance(result, NoResultType):
        raise ResultNotKept(
            "The task has no `Result` type so the result cannot be loaded: task run "
            f"{named(run)!r} ended in {run.state!r} without a result. "
            "A value is kept where the task or its flow has a `result`."
        )
    unknown = getattr(result, "type_name", None)
    if unknown is not None:
        raise UnknownResultType(
            "The result of a custom type cannot be loaded. "
            f"Task run {named(run)!r} has a result of type {unknown!r} at {result.location!r}: "
            "import the module that defines it, which must call `register_result_type`."
        )
    if result.location is None and result.value is None and result.serialized:
        raise ResultWithoutLocation(
            "The task result has no `location` so the result cannot be loaded: the "
            f"{type(result).__name__} of task run {named(run)!r} was not stored. This often means "
            "that your task result has not been configured or has been configured incorrectly. "
            "Values are stored when checkpointing is on (PREFECT__FLOWS__CHECKPOINTING=true)."
        )
    return result


def load(run: TaskRunView) -> Any:
    """Return the value of a finished task run that is not mapped, fetched from its location.

    Raises:
        NotFound: Nothing lies at its location any more.
        ResultUnavailable: See `require_result`.
        StorageError, DeserializationError: It cannot be fetched or read.
    """
    result = require_result(run)
    try:
        return Success(result=result).load_result().result
    except NotFound as exc:
        raise NotFound(
            f"The result of task run {named(run)!r} of flow run {run.flow_run_id} is gone: {exc}. "
            "It was deleted or moved since, or it was written on another machine; run the flow "
            "again to make it anew.",
            location=exc.location,
        ) from exc
