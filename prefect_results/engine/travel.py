"""What becomes of states that leave the process they were made in, and of those that arrive.

Large values that lie in storage are not sent: whoever needs one reads it there.
"""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING, Any, TypeVar

from prefect_results.context import context as ambient
from prefect_results.engine.batches import Batch
from prefect_results.engine.child_states import States
from prefect_results.engine.unsendable import why_not
from prefect_results.exceptions import UnserializableType
from prefect_results.logging import get_logger
from prefect_results.results import StoredResult
from prefect_results.states import Failed, State
from prefect_results.states.sizes import size_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prefect_results.core import Task
    from prefect_results.engine.environment import RunEnvironment

S = TypeVar("S", State, Batch)


def transfer_limit() -> int:
    """Up to which size values travel that lie in storage; `engine.executor.transfer_limit`."""
    return int(ambient.config.engine.executor.get("transfer_limit", 1_000_000))


def fit_to_travel(made: S, environment: RunEnvironment, task: Task, index: int | None) -> S:
    """Make states ready to be sent from here, where they are sent at all.

    Args:
        made: a state, or a batch of them.
        environment: of the flow run.
        task: the task that ran.
        index: the map index of the child, or of the first one of the batch.

    Returns:
        The given one; or one whose large values are where they were written, or that says of a
        value that it cannot be sent.
    """
    if not environment.travels:
        return made
    limit = environment.transfer_limit
    if isinstance(made, Batch):
        if made.locations and limit is not None:
            made.send_away(limit)
        if why_not(made.values) is not None:
            _fail_unpicklable(made, task, index or 0)
        for position, other in made.others.items():
            made.others[position] = _fit(other, limit, task, (index or 0) + position)
        return made
    return _fit(made, limit, task, index)


def _fit(made: S, limit: int | None, task: Task, index: int | None) -> S:
    state: Any = made
    result = state._result
    if result.serialized:
        return made
    if isinstance(result.value, BaseException):
        _check_error(state)
        return made
    if limit is not None and isinstance(result, StoredResult) and size_of(result.value) > limit:
        try:
            state._result = result.serialize()
        except Exception as exc:
            get_logger("TaskRunner").warning(
                f"Task '{_name(task, index)}': Its large result is sent as it is, because it "
                f"cannot be stored: {exc!r}"
            )
        return made
    reason = why_not(result.value)
    if reason is not None:
        state = _unpicklable(result.value, reason, task, index)
    return state  # type: ignore[no-any-return]


def _check_error(state: State) -> None:
    """Put words in place of an exception that could be sent but not received."""
    import cloudpickle

    error = state.result
    try:
        pickle.loads(cloudpickle.dumps(error, protocol=5))
    except Exception as exc:
        state.result = f"The following exception could not be pickled due to {exc!r}: {error!r}"


def loaded_children(children: Sequence[State]) -> Sequence[State]:
    """Children of a mapped task with the values that are only in storage.

    Raises:
        StorageError, DeserializationError: if one cannot be read.
    """
    if isinstance(children, States):
        return States([_loaded(batch) for batch in children.batches])
    return _loaded(children)


def _loaded(states: Sequence[State]) -> Sequence[State]:
    if isinstance(states, Batch):
        return states.loaded()
    if not any(state._result.serialized for state in states):
        return states
    return [
        copy.copy(state).load_result() if state._result.serialized else state for state in states
    ]


def _fail_unpicklable(batch: Batch, task: Task, start: int) -> None:
    for position, value in enumerate(batch.values):
        reason = why_not(value)
        if reason is not None:
            batch.values[position] = None
            batch.others[position] = _unpicklable(value, reason, task, start + position)


def _unpicklable(value: Any, reason: str, task: Task, index: int | None) -> Failed:
    name = _name(task, index)
    message = (
        f"Task '{name}': Its result, a {type(value).__name__}, cannot be sent from its worker, "
        f"because it cannot be pickled: {reason}; return what can be, or use a LocalExecutor"
    )
    get_logger("TaskRunner").error(message)
    failed = Failed(message, result=UnserializableType(message))
    failed.context = {"tags": list(task.tags)}
    return failed


def _name(task: Task, index: int | None) -> str:
    return task.name if index is None else f"{task.name}[{index}]"
