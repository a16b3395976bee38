"""`TaskRunner`: the order of the steps that take a task run from one state to the next.

What a step does is in the module of its concern; here is only when it is taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from prefect_results.context import Deferred
from prefect_results.context import context as ambient
from prefect_results.engine import execution, readiness
from prefect_results.engine.checkpoint import configured as checkpointing_configured
from prefect_results.engine.listening import LISTENER, listener
from prefect_results.engine.retry import RecursiveCall
from prefect_results.engine.runner import ENDRUN, call_state_handlers
from prefect_results.engine.task_steps import TaskSteps
from prefect_results.logging import get_logger
from prefect_results.results import Result
from prefect_results.signals import PrefectStateSignal
from prefect_results.states import Failed, Pending, Retrying, Running, Scheduled, State

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from prefect_results.core import Edge, Task
    from prefect_results.engine.runner import Handler


class TaskRunnerInitializeResult(NamedTuple):
    """What `TaskRunner.initialize_run` returns."""

    state: State
    context: dict[str, Any]


class TaskRunner(TaskSteps):
    """Runs one task, conditionally, and gives the state it ends in.

    A subclass may override any step (`check_*`, `get_task_run_state`, ...): each takes a state
    and returns one, or raises `ENDRUN`. Steps and their order are Prefect 1.4.1's.

    Args:
        task: the task.
        state_handlers: see `Runner`.
        flow_result: the flow's result, for tasks that have none of their own.

    Attributes:
        task: the task.
        result: how and where this run's value is kept: the task's, the flow's or a plain
            `Result`; with a `target`, at that location.
        flow_result: the flow's result.
        context: the ambient context as it was when the runner was made.
    """

    flow_result: Result | None

    def __init__(
        self,
        task: Task,
        state_handlers: Sequence[Handler] | None = None,
        flow_result: Result | None = None,
    ) -> None:
        self.context = dict(ambient.current())
        self.task = task
        self.result = task.result or flow_result or Result()
        self.flow_result = flow_result
        self._inputs: Mapping[str, Result] = {}
        self._announced: State | None = None
        super().__init__(state_handlers=state_handlers)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.task.name}>"

    def call_runner_target_handlers(self, old_state: State, new_state: State) -> State:
        """Call the task's state handlers with `(task, old_state, new_state)`."""
        self.logger.debug(
            "Task '%s': Handling state change from %s to %s",
            self._name,
            type(old_state).__name__,
            type(new_state).__name__,
        )
        for handler in self.task.state_handlers:
            new_state = handler(self.task, old_state, new_state) or new_state
        return new_state

    def handle_state_change(self, old_state: State, new_state: State) -> State:
        """Announce a change of state; one that will run again takes the run's inputs along.

        Args:
            old_state: the state before the change.
            new_state: the state after it; `Retrying` and `Paused` get `cached_inputs`.

        Returns:
            The state that the handlers decided on.
        """
        if isinstance(new_state, Scheduled) and not new_state.cached_inputs:
            new_state.cached_inputs = dict(self._inputs)
        new_state = super().handle_state_change(old_state, new_state)
        self._announce(new_state)
        return new_state

    def _announce(self, state: State) -> None:
        heard_by = listener()
        if heard_by is not None and state is not self._announced:
            self._announced = state
            heard_by.task_run_changed(self.task, ambient.current().get("map_index"), state)

    def initialize_run(
        self, state: State | None, context: dict[str, Any]
    ) -> TaskRunnerInitializeResult:
        """Take the state to start from, and put what is known of the run into its context.

        Args:
            state: the initial state; the run count of a `Retrying` one goes on.
            context: the run's context; updated in place with `task_run_count`, `task_name`,
                `task_tags`, `logger`, `checkpointing`, and `resume` and the loop's values where
                they apply.

        Returns:
            The state and the context.
        """
        state, context = super().initialize_run(state=state, context=context)
        if isinstance(state, Retrying):
            run_count = state.run_count + 1
        else:
            run_count = state.context.get("task_run_count", 1)
        if readiness.should_resume(state):
            context["resume"] = True
        if "_loop_count" in state.context:
            context["task_loop_count"] = state.context.pop("_loop_count")
            context["task_loop_result"] = self._loop_value(state._result)

        task = self.task
        describe_run(task, context, run_count)
        if isinstance(context.get("map_index"), int) and context.get("task_full_name"):
            name = context["task_full_name"]
            context["logger"] = Deferred(lambda: get_logger(name))
        if task.target:
            self.result = self.result.with_location(task.target)
        return TaskRunnerInitializeResult(state=state, context=context)

    def _loop_value(self, result: Result) -> Any:
        if result.value is None and result.location is not None:
            return self.result.read(result.location).value
        return result.deserialize().value

    def run(
        self,
        state: State | None = None,
        upstream_states: Mapping[Edge, State] | None = None,
        context: dict[str, Any] | None = None,
        is_mapped_parent: bool = False,
    ) -> State:
        """Run the task if its state and its upstream states allow it.

        Args:
            state: the state to start from; `Pending` by default.
            upstream_states: the states of the tasks that this one depends on, by edge.
            context: values that are added to the ambient context.
            is_mapped_parent: whether this is the run of a mapped task that only finds out how
                many children there are.

        Returns:
            The state the run ended in.
        """
        context = dict(ambient.current()) if context is None else context
        index = context.setdefault("map_index", None)
        context["task_full_name"] = (
            self.task.name if index is None else f"{self.task.name}[{index}]"
        )
        arguments: dict[str, Any] = {
            "state": state,
            "upstream_states": upstream_states or {},
            "context": context,
            "is_mapped_parent": is_mapped_parent,
        }
        # Each turn of a looping task starts over here, so that loops do not recurse.
        while True:
            try:
                return self._run_once(**arguments)
            except RecursiveCall as again:
                arguments.update(again.kwargs)

    def _run_once(
        self,
        state: State | None,
        upstream_states: Mapping[Edge, State],
        context: dict[str, Any],
        is_mapped_parent: bool,
    ) -> State:
        def steps() -> State:
            first, _ = self.initialize_run(state, context)
            self._announced = first
            with ambient(context):
                if context.get("task_loop_count") is None:
                    self.logger.info("Task '%s': Starting task run...", context["task_full_name"])
                return self._take_steps(first, upstream_states, context, is_mapped_parent)

        try:
            return self._state_of(steps, context)
        finally:
            if self._flight is not None:
                self._end_flight()

    def _state_of(self, steps: Callable[[], State], context: dict[str, Any]) -> State:
        """Take steps, and give the state they lead or break off to."""
        name = context["task_full_name"]
        try:
            state = steps()
        except (ENDRUN, PrefectStateSignal) as exc:
            state = exc.state
        except RecursiveCall:
            raise
        except Exception as exc:
            message = f"Task '{name}': Unexpected error while running task: {exc!r}"
            self.logger.exception(message)
            if ambient.get("raise_on_exception"):
                raise
            state = Failed(message=message, result=exc)
        with ambient(context):
            self._announce(state)
            self.logger.info(
                "Task '%s': Finished task run for task with final state: '%s'",
                name,
                type(state).__name__,
            )
        return state

    def go_on_after(
        self,
        exc: BaseException,
        upstream_states: Mapping[Edge, State],
        context: dict[str, Any],
        in_task: bool = True,
    ) -> State:
        """Take the steps that follow a `Task.run` that was called elsewhere.

        Args:
            exc: what was raised.
            upstream_states: the states of the tasks that this one depends on, by edge.
            context: the whole context of the run.
            in_task: whether `Task.run` raised it; otherwise the checkpoint did.

        Returns:
            The state the run ended in.
        """

        def steps() -> State:
            inputs = self._inputs = self.get_task_inputs(Pending(), upstream_states)
            state = self._state_after(Running(), exc, inputs, in_task)
            return self._take_last_steps(state, inputs, upstream_states, context)

        try:
            return self._state_of(steps, context)
        except RecursiveCall as again:
            return self.run(**again.kwargs)

    @call_state_handlers
    def _state_after(
        self, state: State, exc: BaseException, inputs: Mapping[str, Result], in_task: bool
    ) -> State:
        if not in_task:
            raise exc
        return execution.state_after(exc, self._keep(inputs), self.logger, self._name)

    def _take_steps(
        self,
        state: State,
        upstream_states: Mapping[Edge, State],
        context: dict[str, Any],
        is_mapped_parent: bool,
    ) -> State:
        state = self.check_task_is_ready(state)
        state = self.check_task_reached_start_time(state)
        state = self.check_upstream_finished(state, upstream_states=upstream_states)
        state = self.check_upstream_skipped(state, upstream_states=upstream_states)
        state, upstream_states = self.load_results(state=state, upstream_states=upstream_states)
        self._inputs = inputs = self.get_task_inputs(state=state, upstream_states=upstream_states)
        if is_mapped_parent:
            state = self.check_task_ready_to_map(state, upstream_states=upstream_states)
        self.set_task_run_name(task_inputs=inputs)
        if self.task.target:
            state = self.check_target(state, inputs=inputs)
        else:
            state = self.check_task_is_cached(state, inputs=inputs)
        state = self.check_task_trigger(state, upstream_states=upstream_states)
        state = self.set_task_to_running(state, inputs=inputs)
        state = self.get_task_run_state(state, inputs=inputs)
        return self._take_last_steps(state, inputs, upstream_states, context)

    def _take_last_steps(
        self,
        state: State,
        inputs: Mapping[str, Result],
        upstream_states: Mapping[Edge, State],
        context: dict[str, Any],
    ) -> State:
        state = self.cache_result(state, inputs=inputs)
        state = self.check_for_retry(state, inputs=inputs)
        return self.check_task_is_looping(
            state, inputs=inputs, upstream_states=upstream_states, context=context
        )


def describe_run(task: Task, context: dict[str, Any], run_count: int) -> None:
    """Put what is known of a task run into its context.

    Args:
        task: the task.
        context: the run's context; updated in place.
        run_count: how often the task was tried, this run included.
    """
    context["task_run_count"] = run_count
    context["task_name"] = task.name
    context["task_tags"] = task.tags
    context["logger"] = task.logger
    heard_by = context.get(LISTENER)
    if heard_by is not None and "task_slug" in context:
        index = context.get("map_index")
        context["task_run_id"] = heard_by.task_run_id(context["task_slug"], index)
    if "checkpointing" not in context:
        context["checkpointing"] = checkpointing_configured(context)
