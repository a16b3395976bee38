"""Tasks and values that cannot be sent to workers, and what is sent in their place.

One that cannot be pickled fails its own task run, or its own mapped child, and no other. Not
here: what comes back from workers (see `travel`).
"""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING, Any

from prefect_results.context import context as ambient
from prefect_results.core import Parameter, Task
from prefect_results.core.edge import Edge
from prefect_results.exceptions import SerializationError
from prefect_results.pickling import dump
from prefect_results.signals import FAIL
from prefect_results.states import State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from prefect_results.engine.environment import Job, RunEnvironment

# Values of these types can always be pickled.
_SIMPLE = frozenset((type(None), bool, int, float, complex, str, bytes, bytearray))
_ADVICE = "make what it holds inside the task's run method, or use a LocalExecutor"


def why_not(value: Any) -> str | None:
    """Why a value cannot be pickled; None if it can be.

    A long list of simple things is believed without doing it, and large buffers are not copied.
    """
    if type(value) in _SIMPLE:
        return None
    if type(value) is list and _SIMPLE.issuperset(map(type, value)):
        return None
    try:
        pickle.dump(value, _Nowhere(), protocol=5, buffer_callback=_drop)
    except Exception:
        try:
            dump(value, _Nowhere(), buffer_callback=_drop)
        except Exception as exc:
            return repr(exc)
    return None


class _Nowhere:
    def write(self, data: Any) -> int:
        return len(data)


def _drop(buffer: Any) -> None:
    return None


def not_sent(key: str | None, value: Any) -> str | None:
    """What is wrong with an input that cannot be sent; None if it can be.

    Args:
        key: the input's name.
        value: the input.
    """
    reason = why_not(value)
    if reason is None:
        return None
    return (
        f"the input {key!r}, a {type(value).__name__}, cannot be sent to a worker, because it "
        f"cannot be pickled: {reason}; {_ADVICE}"
    )


def sendable_items(key: str | None, items: list[Any]) -> tuple[list[Any], dict[int, str]]:
    """The items that children map over, without those that cannot be sent.

    Args:
        key: the input's name.
        items: one for each child.

    Returns:
        The items, with None for one that cannot be sent; and what is wrong, by position.
    """
    if why_not(items) is None:
        return items, {}
    wrong = {
        position: what
        for position, item in enumerate(items)
        if (what := not_sent(key, item)) is not None
    }
    return [None if at in wrong else item for at, item in enumerate(items)], wrong


class UnsendableTask(Task):
    """A task that cannot be run, and says so when it is; see `stand_in`.

    Args:
        what: what cannot be sent, or went wrong.
        error: the result of its state; a `SerializationError` by default.
        **kwargs: as for every task.
    """

    def __init__(self, what: str, error: Exception | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.what = what
        self.error = error

    def run(self, **inputs: Any) -> Any:
        """Fail.

        Raises:
            FAIL: always; its state's result is the error.
        """
        message = f"Task '{ambient.get('task_full_name') or self.name}': {self.what}"
        self.logger.error(message)
        raise FAIL(message, result=self.error or SerializationError(message))


def stand_in(task: Task, what: str, error: Exception | None = None) -> Task:
    """What is run in the place of a task that cannot be, with its name, handlers and trigger.

    Args:
        task: the task.
        what: what cannot be sent, or went wrong.
        error: the result of its state; a `SerializationError` by default.
    """
    return UnsendableTask(
        what,
        error,
        name=task.name,
        slug=task.slug,
        tags=task.tags,
        skip_on_upstream_skip=task.skip_on_upstream_skip,
        checkpoint=False,
        trigger=task.trigger if why_not(task.trigger) is None else None,
        state_handlers=task.state_handlers if why_not(task.state_handlers) is None else None,
    )


def with_stand_ins(environment: RunEnvironment) -> RunEnvironment:
    """The environment of a run in which other tasks stand for those that cannot be sent.

    Args:
        environment: what cannot be pickled as it is.

    Raises:
        SerializationError: names what concerns all tasks, such as the runner class, if that is
            what cannot be sent.
    """
    for name, part in (
        ("the task runner class", environment.runner_cls),
        ("the state handlers of the task runners", environment.handlers),
        ("the flow's result", environment.flow_result),
    ):
        reason = why_not(part)
        if reason is not None:
            raise SerializationError(
                f"{name} cannot be sent to a worker, because it cannot be pickled: {reason}; "
                f"{_ADVICE}"
            )
    stand_ins: dict[Task, Task] = {}
    for job in environment.jobs.values():
        what = _what_is_wrong(job, environment.context.get("parameters") or {})
        if what is not None:
            stand_ins[job.task] = stand_in(job.task, what)
    new = copy.copy(environment)
    new.jobs = {name: _replaced(job, stand_ins) for name, job in environment.jobs.items()}
    return new


def failing(environment: RunEnvironment, name: str, what: str, error: Exception) -> RunEnvironment:
    """The environment of a run in which a task is not run, but fails.

    Args:
        environment: of the flow run.
        name: of the job.
        what: what went wrong.
        error: the result of the task's state.
    """
    job = environment.jobs[name]
    new = copy.copy(environment)
    new.jobs = {name: _replaced(job, {job.task: stand_in(job.task, what, error)})}
    new._direct = {}
    return new


def _what_is_wrong(job: Job, given: Mapping[str, Any]) -> str | None:
    reason = why_not(job.task)
    if reason is not None:
        return f"it cannot be sent to a worker, because it cannot be pickled: {reason}; {_ADVICE}"
    if isinstance(job.task, Parameter):
        what = not_sent(job.task.name, given.get(job.task.name))
        if what is not None:
            return what
    for edge, state in job.constants.items():
        what = not_sent(edge.key, state.result)
        if what is not None:
            return what
    reason = why_not(job.context)
    if reason is not None:
        return f"its context cannot be sent to a worker, because it cannot be pickled: {reason}"
    return None


def _replaced(job: Job, stand_ins: Mapping[Task, Task]) -> Job:
    new = copy.copy(job)
    new.edges = [
        Edge(
            stand_ins.get(edge.upstream_task, edge.upstream_task),
            stand_ins.get(edge.downstream_task, edge.downstream_task),
            key=edge.key,
            mapped=edge.mapped,
            flattened=edge.flattened,
        )
        for edge in job.edges
    ]
    if job.task in stand_ins:
        new.task, new.constants = stand_ins[job.task], {}
        new.context = {key: value for key, value in job.context.items() if why_not(value) is None}
    return new


def first_unsendable(job: Job, given: Sequence[Any]) -> str | None:
    """What is wrong with the first input of a call that cannot be sent; None if all can be.

    Args:
        job: the task with its edges.
        given: for each edge an upstream state, or the future of one.
    """
    for edge, state in zip(job.edges, given, strict=True):
        if isinstance(state, State) and not state._result.serialized:
            what = not_sent(edge.key, state._result.value)
            if what is not None:
                return what
    return None


def wrong_inputs(upstream: Sequence[Sequence[Any]]) -> dict[int | None, str]:
    """What is wrong with the inputs of a batch that could not be sent.

    Args:
        upstream: what `batch_calls.run_batch` was given.

    Returns:
        By position; what concerns all children by None.
    """
    wrong: dict[int | None, str] = {}
    for kind, *given in upstream:
        if kind == "unsendable":
            wrong[None] = given[1]
        elif kind == "items" and given[1].wrong:
            wrong.update(given[1].wrong)
    return wrong
