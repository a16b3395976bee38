"""The short way of a task run in which no step but the run itself has anything to decide.

Every check before `Task.run`, but the one for values that are there already, would pass the state
of a plain task on (see `plain`). `DirectTask` runs one, or each mapped child of it, with its values
alone. The outcome is the one of `TaskRunner.run`; whatever is out of the ordinary, an exception
first of all, is handed to it.
"""

from __future__ import annotations

from functools import partial
from logging import INFO, Logger
from typing import TYPE_CHECKING, Any

from prefect_results.context import Deferred
from prefect_results.context import context as ambient
from prefect_results.engine import cached, execution
from prefect_results.engine.checkpoint import begin_checkpoint, can_write, checkpoint, unwritten
from prefect_results.engine.listening import LISTENER
from prefect_results.engine.plain import PLAIN
from prefect_results.engine.task_runner import TaskRunner, describe_run
from prefect_results.executors.interrupts import interruptible, threads
from prefect_results.logging import emit_line, get_logger
from prefect_results.results import Result
from prefect_results.states import Pending, Running, State, Success

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from prefect_results.core import Edge, Task
    from prefect_results.engine.batches import Batch
    from prefect_results.engine.children import ChildInputs
    from prefect_results.engine.uploads import Behind
    from prefect_results.results.writing import UnfinishedWrite

PENDING = Pending()
FINISHED = "Task '%s': Finished task run for task with final state: '%s'"


class DirectTask:
    """Runs a plain task with given values.

    Args:
        task: the task; `is_plain` holds for it.
        context: the whole context of the task's runs but for what differs between children;
            taken over.
        flow_result: the flow's result, for tasks that have none of their own.
        logger: the logger of task runners.
    """

    __slots__ = (
        "_context",
        "_flow_result",
        "_listener",
        "_logger",
        "_logs",
        "_looks",
        "_plans",
        "_result",
        "_simple",
        "_task",
        "_writes",
    )

    def __init__(
        self, task: Task, context: dict[str, Any], flow_result: Result | None, logger: Logger
    ) -> None:
        context["map_index"] = None
        context["task_full_name"] = task.name
        describe_run(task, context, run_count=1)
        self._task = task
        self._flow_result = flow_result
        self._result = task.result or flow_result or PLAIN
        if task.target:
            self._result = self._result.with_location(task.target)
        self._looks = bool(task.target) or task.cache_for is not None
        self._context = context
        self._listener = context.get(LISTENER)
        self._logger = logger
        self._logs = logger.isEnabledFor(INFO)
        self._simple = task.timeout is None and not task.log_stdout
        stores = can_write(self._result)
        self._writes = stores and context["checkpointing"] is True and task.checkpoint is not False
        self._plans = stores and not self._writes

    @property
    def is_bare(self) -> bool:
        """Whether a run is nothing but the call of `Task.run`."""
        return (
            self._simple
            and not self._looks
            and not self._writes
            and not self._logs
            and self._listener is None
            and type(self._result) is Result
        )

    def run_all(
        self,
        inputs: ChildInputs,
        start: int,
        count: int,
        batch: Batch,
        run_long: Callable[[int], State],
    ) -> None:
        """Run consecutive children of a task whose runs are nothing but calls.

        Args:
            inputs: of the children.
            start: map index of the first one.
            count: how many there are.
            batch: gets their states.
            run_long: runs the child at a position whose inputs are out of the ordinary.
        """
        task_run, name = interruptible(self._task.run), self._task.name
        batch.template = self._result.from_value(None)
        context = self._context.copy()
        # One dictionary for all: what differs is put into it, or made of it when it is read.
        full_name = Deferred(lambda: f"{name}[{context['map_index']}]")
        logger = Deferred(lambda: get_logger(ambient["task_full_name"]))
        make_name, make_logger = full_name.fn, logger.fn
        previous = ambient.swap(context)
        try:
            for position in range(count):
                values = inputs.values(position)
                if values is None:
                    batch.add(run_long(position))
                    continue
                context["map_index"] = start + position
                context["task_full_name"], context["logger"] = full_name, logger
                full_name.fn, logger.fn = make_name, make_logger
                try:
                    value = task_run(**values)
                except BaseException as exc:
                    batch.add(self._after(exc, inputs.upstream(position), start + position))
                else:
                    batch.add_value(value)
        finally:
            ambient.swap(previous)

    def _after(self, exc: BaseException, upstream: Mapping[Edge, State], index: int) -> State:
        """The state of a child that raised."""
        context = self._context_of(index)
        previous = ambient.swap(context)
        try:
            return self._runner().go_on_after(exc, upstream, context)
        finally:
            ambient.swap(previous)

    def _context_of(self, index: int | None) -> dict[str, Any]:
        if index is None:
            return self._context
        context = self._context.copy()
        name = f"{self._task.name}[{index}]"
        context["map_index"] = index
        context["task_full_name"] = name
        context["logger"] = Deferred(partial(get_logger, name))
        return context

    def run(
        self,
        values: dict[str, Any],
        upstream: Callable[[], Mapping[Edge, State]],
        index: int | None = None,
        behind: Behind | None = None,
    ) -> State:
        """Run the task.

        Args:
            values: arguments of `Task.run`.
            upstream: called without arguments, gives the upstream states by edge; only where
                they are needed.
            index: the map index of a mapped child.
            behind: stores the value, where it can be stored behind the run.

        Returns:
            The state the run ended in; if its value is being stored, the one that it is in once
            that is done.
        """
        context = self._context
        name = self._task.name
        if index is not None:
            context = context.copy()
            name = f"{name}[{index}]"
            context["map_index"] = index
            context["task_full_name"] = name
            context["logger"] = Deferred(partial(get_logger, name))
            if self._listener is not None and "task_slug" in context:
                context["task_run_id"] = self._listener.task_run_id(context["task_slug"], index)
        previous = ambient.swap(context)
        try:
            if self._logs:
                emit_line(self._logger, INFO, f"Task '{name}': Starting task run...")
            try:
                state = self._found(values, name, behind) if self._looks else None
            except Exception:
                # A target that cannot be made out fails the run in the step that looks for it.
                return self._runner().run(upstream_states=upstream(), context=context)
            if state is None:
                if self._listener is not None:
                    running = Running(execution.RUNNING_MESSAGE)
                    self._listener.task_run_changed(self._task, index, running)
                try:
                    if self._simple:
                        run = self._task.run
                        value = (interruptible(run) if threads else run)(**values)
                    else:
                        value = execution.call(self._task, values, self._logger)
                except BaseException as exc:
                    return self._went_wrong(exc, upstream, context, behind)
                write = None
                try:
                    if behind is not None and self._writes:
                        write = begin_checkpoint(value, self._result, values)
                    state = self._kept(value, values, self._writes and write is None)
                except Exception as exc:
                    if write is not None:
                        write.abandon()
                    return self._went_wrong(exc, upstream, context, behind, in_task=False)
                if behind is not None and write is not None:
                    self._store(behind, write, state, upstream, context)
                    return state
            if self._logs or self._listener is not None:
                self._finished(state, index, name)
            return state
        finally:
            ambient.swap(previous)

    def _went_wrong(
        self,
        exc: BaseException,
        upstream: Callable[[], Mapping[Edge, State]],
        context: dict[str, Any],
        behind: Behind | None,
        in_task: bool = True,
    ) -> State:
        if behind is not None and isinstance(exc, Exception):
            # The inputs that are kept tell where they lie, once they do.
            behind.uploads.wait()
        return self._runner().go_on_after(exc, upstream(), context, in_task)

    def _finished(self, state: State, index: int | None, name: str) -> None:
        if self._listener is not None:
            self._listener.task_run_changed(self._task, index, state)
        if self._logs:
            emit_line(self._logger, INFO, FINISHED % (name, type(state).__name__))

    def _store(
        self,
        behind: Behind,
        write: UnfinishedWrite[Any],
        state: State,
        upstream: Callable[[], Mapping[Edge, State]],
        context: dict[str, Any],
    ) -> None:
        """Store the value of a state behind the run, and announce the state then."""

        def stored(result: Result) -> None:
            state._result = result
            self._finished(state, context["map_index"], context["task_full_name"])

        def failed(exc: Exception) -> None:
            previous = ambient.swap(context)
            try:
                found = self._went_wrong(exc, upstream, context, behind, in_task=False)
            finally:
                ambient.swap(previous)
            behind.replace(found)

        behind.uploads.put(write, stored, failed)

    def _found(self, values: dict[str, Any], name: str, behind: Behind | None) -> State | None:
        """A state whose value is there already."""
        task = self._task
        if task.target:
            wait = None if behind is None else behind.uploads.wait
            state = cached.found_at_target(
                PENDING, task, self._result, values, self._logger, name, wait
            )
        else:
            state = cached.found_in_cache(PENDING, task, values, self._logger, name)
        return None if state is PENDING else state

    def _kept(self, value: Any, values: dict[str, Any], writes: bool) -> State:
        """The state of a run that returned `value`."""
        if writes:
            result = checkpoint(value, self._result, self._task, values)
        elif self._plans:
            result = unwritten(value, self._result, values)
        else:
            result = self._result.from_value(value)
        state: State = Success(execution.SUCCESS_MESSAGE, result)
        if self._task.cache_for is not None:
            state = cached.kept_for_later(state, self._task, values)
        return state

    def _runner(self) -> TaskRunner:
        return TaskRunner(self._task, flow_result=self._flow_result)
