"""The steps of a task run, as methods that a subclass of `TaskRunner` may override.

What a step does is in the module of its concern; when it is taken, in `task_runner`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from prefect_results.context import context as ambient
from prefect_results.engine import cached, execution, mapping, readiness, retry, upstream
from prefect_results.engine.checkpoint import begin_checkpoint, checkpoint, is_written
from prefect_results.engine.inputs import (
    inputs_from,
    template_values,
    values_of,
    with_loaded_results,
)
from prefect_results.engine.isolation import is_computed_once
from prefect_results.engine.retry import RecursiveCall
from prefect_results.engine.runner import ENDRUN, Runner, call_state_handlers
from prefect_results.states import Looped, Pending, Running, State

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from prefect_results.core import Edge, Task
    from prefect_results.engine.shared_cache import Place
    from prefect_results.engine.single_flight import Flight
    from prefect_results.results import Result


class TaskSteps(Runner):
    """The steps of `TaskRunner`: each takes a state and returns one, or raises `ENDRUN`.

    Attributes:
        task: the task.
        result: how and where this run's value is kept.
    """

    task: Task
    result: Result
    # The right to compute a value that other runs want too; see `single_flight`.
    _flight: Flight | None = None

    if TYPE_CHECKING:
        run: Callable[..., State]

    @property
    def _name(self) -> str:
        return readiness.task_name(self.task.name)

    def _keep(self, inputs: Mapping[str, Result]) -> Callable[[Any], Result]:
        flight, task, result = self._flight, self.task, self.result
        values = values_of(inputs)
        if flight is None:
            return lambda value: checkpoint(value, result, task, values)

        def keep(value: Any) -> Result:
            return flight.keep(
                lambda: begin_checkpoint(value, result, values) if is_written(task) else None,
                lambda: checkpoint(value, result, task, values),
            )

        return keep

    @call_state_handlers
    def check_task_is_ready(self, state: State) -> State:
        """Go on with a pending, mapped or cached task; see `readiness.task_is_ready`."""
        return readiness.task_is_ready(state, self.logger, self._name)

    @call_state_handlers
    def check_task_reached_start_time(self, state: State) -> State:
        """Go on unless scheduled for later; see `readiness.task_reached_start_time`."""
        return readiness.task_reached_start_time(state, self.logger, self._name)

    @call_state_handlers
    def check_upstream_finished(self, state: State, upstream_states: Mapping[Edge, State]) -> State:
        """Go on when all upstream states are finished; see `upstream.upstream_finished`."""
        return upstream.upstream_finished(state, upstream_states, self.logger, self._name)

    @call_state_handlers
    def check_upstream_skipped(self, state: State, upstream_states: Mapping[Edge, State]) -> State:
        """Skip when upstream was skipped; see `upstream.upstream_skipped`."""
        return upstream.upstream_skipped(state, upstream_states, self.task, self.logger, self._name)

    def load_results(
        self, state: State, upstream_states: Mapping[Edge, State]
    ) -> tuple[State, Mapping[Edge, State]]:
        """Deserialize the inputs that arrived serialized; the given states stay as they are.

        Args:
            state: the state so far.
            upstream_states: the upstream states.

        Returns:
            The state and upstream states whose inputs have their values.
        """
        return state, with_loaded_results(upstream_states)

    def get_task_inputs(
        self, state: State, upstream_states: Mapping[Edge, State]
    ) -> dict[str, Result]:
        """The Result of each input by argument name.

        Where an upstream state has none (a run that goes on later), the state's
        `cached_inputs` serve.

        Args:
            state: the state so far.
            upstream_states: the upstream states, loaded.

        Returns:
            Results whose values are there.
        """
        return inputs_from(upstream_states, state.cached_inputs)

    @call_state_handlers
    def check_task_ready_to_map(self, state: State, upstream_states: Mapping[Edge, State]) -> State:
        """End the parent's run as `Mapped` or `Failed`; see `mapping.ready_to_map`."""
        return mapping.ready_to_map(state, upstream_states)

    def set_task_run_name(self, task_inputs: Mapping[str, Result]) -> None:
        """Fill the task's `task_run_name` and put it into the context.

        Args:
            task_inputs: the inputs of the run.
        """
        run_name = self.task.task_run_name
        if run_name:
            values = template_values(values_of(task_inputs))
            filled = run_name.format(**values) if isinstance(run_name, str) else run_name(**values)
            ambient.update(task_run_name=filled)

    @call_state_handlers
    def check_target(self, state: State, inputs: Mapping[str, Result]) -> State:
        """Use the result at the task's target; see `cached.found_at_target`."""
        values = values_of(inputs)

        def look() -> State:
            return cached.found_at_target(
                state, self.task, self.result, values, self.logger, self._name
            )

        found = look()
        if not found.is_pending() or not is_computed_once(self.task):
            return found
        from prefect_results.engine import single_flight

        return self._alone(
            single_flight.of_target(
                self.task, self.result, values, partial(_cached, look), self.logger, self._name
            ),
            found,
        )

    def _alone(self, flight: Flight | None, state: State) -> State:
        """The cached state that another run made, or the given one to compute the value from."""
        self._flight = flight
        return state if flight is None else flight.begin() or state

    def _end_flight(self) -> None:
        flight, self._flight = self._flight, None
        if flight is not None:
            flight.end()

    @call_state_handlers
    def check_task_is_cached(self, state: State, inputs: Mapping[str, Result]) -> State:
        """Use a valid cached state; see `cached.found_in_cache`."""
        values = values_of(inputs)

        def look(place: Place | None = None) -> State:
            return cached.found_in_cache(state, self.task, values, self.logger, self._name, place)

        found = look()
        if not found.is_pending() or not is_computed_once(self.task):
            return found
        from prefect_results.engine import single_flight

        return self._alone(
            single_flight.of_cache(
                self.task, self.result, values, partial(_cached, look), self.logger, self._name
            ),
            found,
        )

    @call_state_handlers
    def check_task_trigger(self, state: State, upstream_states: Mapping[Edge, State]) -> State:
        """Ask the task's trigger; see `upstream.trigger_passes`."""
        return upstream.trigger_passes(state, upstream_states, self.task, self.logger, self._name)

    @call_state_handlers
    def set_task_to_running(self, state: State, inputs: Mapping[str, Result]) -> State:
        """Go from pending to running.

        Raises:
            ENDRUN: if the state is not pending.
        """
        if not state.is_pending():
            self.logger.debug(
                "Task '%s': Can't set state to Running because it isn't Pending; ending run.",
                self._name,
            )
            raise ENDRUN(state)
        return Running(message=execution.RUNNING_MESSAGE)

    @call_state_handlers
    def get_task_run_state(self, state: State, inputs: Mapping[str, Result]) -> State:
        """Run the task and keep its value; see `execution.run_state` and `checkpoint`.

        Raises:
            ENDRUN: if the state is not running.
        """
        if not state.is_running():
            self.logger.debug(
                "Task %r: Can't run task because it's not in a Running state; ending run.",
                self._name,
            )
            raise ENDRUN(state)
        self.logger.debug("Task %r: Calling task.run() method...", self._name)
        return execution.run_state(
            self.task,
            values_of(inputs),
            self._keep(inputs),
            self.logger,
            self._name,
        )

    @call_state_handlers
    def cache_result(self, state: State, inputs: Mapping[str, Result]) -> State:
        """Keep the success of a task with `cache_for`; see `cached.kept_for_later`."""
        kept = cached.kept_for_later(state, self.task, values_of(inputs))
        if self._flight is not None and kept is not state:
            self._flight.publish(kept, self.task)
        return kept

    @call_state_handlers
    def check_for_retry(self, state: State, inputs: Mapping[str, Result]) -> State:
        """Turn a failure into `Retrying` while attempts are left; see `retry.retry_state`."""
        return retry.retry_state(
            state,
            self.task,
            self._keep(inputs),
            self.logger,
            self._name,
        )

    def check_task_is_looping(
        self,
        state: State,
        inputs: Mapping[str, Result] | None = None,
        upstream_states: Mapping[Edge, State] | None = None,
        context: dict[str, Any] | None = None,
    ) -> State:
        """Start the run over when the task asked for another turn.

        Args:
            state: the state after the run.
            inputs: the inputs of the run.
            upstream_states: the upstream states.
            context: the run's context; gets the turn's value and the next turn's number.

        Returns:
            The given state, if it is not `Looped`.

        Raises:
            RecursiveCall: for the next turn; `run` takes it.
        """
        if not isinstance(state, Looped):
            return state
        context = {} if context is None else context
        context.update(task_loop_result=state.result, task_loop_count=state.loop_count + 1)
        context.update(task_run_version=ambient.get("task_run_version"))
        raise RecursiveCall(
            self.run,
            self,
            state=Pending(message=f"Looping task (on loop index {state.loop_count})"),
            upstream_states=upstream_states or {},
            context=context,
            is_mapped_parent=False,
        )


def _cached(look: Callable[..., State], *places: Place | None) -> State | None:
    found = look(*places)
    return found if found.is_cached() else None
