"""Calls whose process, or worker, died each time: what becomes of their task runs.

Of what a worker was doing when it died it is not known what ended it. Such calls are made once
more in a process of their own, the children of a batch one by one, so that a task run fails only
if it was alone in a process that died. What comes behind it meets a failure like any other.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

from prefect_results.engine.batch_calls import run_child, size_of_batch
from prefect_results.engine.batches import Batch
from prefect_results.engine.calls import run_job
from prefect_results.engine.unsendable import failing
from prefect_results.executors.process import ProcessLost
from prefect_results.executors.spare import Alone
from prefect_results.logging import get_logger

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from prefect_results.engine.environment import RunEnvironment
    from prefect_results.states import State

_LAST = "what ran it died each time, at last a process that did nothing else: {}"


def job_alone(
    error: Exception,
    environment: RunEnvironment,
    name: str,
    upstream: Sequence[State],
    reduced: Mapping[int, Sequence[Any]],
    state: State | None = None,
    index: int | None = None,
) -> State:
    """Run one task in a process of its own; it fails if that one dies too.

    Args:
        error: by which it is known that its process died each time. A `ProcessLost` says that
            nothing else was done there; then it fails at once.
        environment: of the flow run; this and the following as for `calls.run_job`.
        name: of the job.
        upstream: an upstream state for each edge of the job.
        reduced: children of mapped upstream tasks.
        state: the state to start from.
        index: the map index of a mapped child.

    Returns:
        The state the task run ended in.
    """
    what = str(error)
    if not isinstance(error, ProcessLost):
        _tell(environment, name, error)
        alone = Alone(run_job, environment, name, upstream, reduced, state, index)
        try:
            with contextlib.closing(alone):
                made: State = alone()
                return made
        except ProcessLost as exc:
            what, error = _LAST.format(exc), exc
    failed = failing(environment, name, what, error)
    return run_job(failed, name, upstream, reduced, state, index)


def batch_alone(
    error: Exception,
    environment: RunEnvironment,
    name: str,
    start: int,
    count: int | None,
    upstream: Sequence[Sequence[Any]],
    reduced: Mapping[int, Sequence[Any]],
) -> Batch:
    """Run children one by one in a process of their own; one that it dies of fails.

    Args:
        error: see `job_alone`.
        environment: of the flow run; this and the following as for `run_batch`.
        name: of the job.
        start: map index of the first child.
        count: how many there are.
        upstream: for each edge of the job what the children get.
        reduced: children of mapped upstream tasks.

    Returns:
        Their states.
    """
    arguments = (name, start, count, upstream, reduced)
    batch = Batch(list(environment.jobs[name].task.tags))
    _tell(environment, name, error)
    started = time.perf_counter()
    with contextlib.closing(Alone(run_child, environment, *arguments)) as alone:
        for position in range(size_of_batch(environment, *arguments)):
            try:
                state = alone(position)
            except ProcessLost as exc:
                failed = failing(environment, name, _LAST.format(exc), exc)
                state = run_child(position, failed, *arguments)
            batch.add(state)
    batch.seconds = time.perf_counter() - started
    return batch


def _tell(environment: RunEnvironment, name: str, error: Exception) -> None:
    get_logger("TaskRunner").warning(
        "Task '%s': It runs in a process of its own, because what ran it died: %s",
        environment.jobs[name].task.name,
        error,
    )
