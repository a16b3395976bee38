"""`FlowRunner`: the steps that take a flow run from one state to the next.

Which task is submitted when is in `dispatch`; what becomes of a task run in `task_runner`.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, NamedTuple

from prefect_results.context import context as ambient
from prefect_results.engine import readiness
from prefect_results.engine.cached import CACHED_STATES
from prefect_results.engine.calls import run_task
from prefect_results.engine.child_states import representatives
from prefect_results.engine.dates import date_context
from prefect_results.engine.defaults import configured_class
from prefect_results.engine.dispatch import Dispatch
from prefect_results.engine.listening import LISTENER
from prefect_results.engine.runner import ENDRUN, Runner, call_state_handlers
from prefect_results.engine.task_runner import TaskRunner
from prefect_results.engine.uploads import limits_of, uploads
from prefect_results.executors.local import LocalExecutor
from prefect_results.states import Cancelled, Failed, Mapped, Pending, Running, State, Success
from prefect_results.states.clock import now

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from prefect_results.core import Flow, Task
    from prefect_results.engine.runner import Handler
    from prefect_results.executors.base import Executor

__all__ = ["FlowRunner", "FlowRunnerInitializeResult", "run_task"]


class FlowRunnerInitializeResult(NamedTuple):
    """What `FlowRunner.initialize_run` returns."""

    state: State
    task_states: dict[Task, State]
    context: dict[str, Any]
    task_contexts: dict[Task, dict[str, Any]]


class FlowRunner(Runner):
    """Runs one flow once, and gives the state it ends in.

    A subclass may override any step (`check_*`, `get_flow_run_state`, ...). Steps and their
    order are Prefect 1.4.1's.

    Args:
        flow: the flow.
        task_runner_cls: the class that runs tasks; the configured one by default.
        state_handlers: see `Runner`.

    Attributes:
        flow: the flow.
        task_runner_cls: the class that runs tasks.
    """

    flow: Flow
    task_runner_cls: Any

    def __init__(
        self,
        flow: Flow,
        task_runner_cls: type | None = None,
        state_handlers: Sequence[Handler] | None = None,
    ) -> None:
        self.flow = flow
        self.task_runner_cls = task_runner_cls or configured_class("task_runner", TaskRunner)
        super().__init__(state_handlers=state_handlers)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.flow.name}>"

    def call_runner_target_handlers(self, old_state: State, new_state: State) -> State:
        """Call the flow's state handlers with `(flow, old_state, new_state)`."""
        self.logger.debug(
            "Flow '%s': Handling state change from %s to %s",
            self.flow.name,
            type(old_state).__name__,
            type(new_state).__name__,
        )
        for handler in self.flow.state_handlers:
            new_state = handler(self.flow, old_state, new_state) or new_state
        return new_state

    def initialize_run(  # type: ignore[override]
        self,
        state: State | None,
        task_states: dict[Task, State],
        context: dict[str, Any],
        task_contexts: dict[Task, dict[str, Any]],
        parameters: Mapping[str, Any] | None,
    ) -> FlowRunnerInitializeResult:
        """Take the state to start from, and put what is known of the run into its context.

        Args:
            state: the initial state.
            task_states: states to start from by task.
            context: the run's context; updated in place with `parameters`, `flow_name`,
                `scheduled_start_time`, `date`, `today` and the like.
            task_contexts: context values of each task; updated in place with `task_name` and
                `task_slug`.
            parameters: values of the flow's parameters.

        Returns:
            The four of them.
        """
        values = context.setdefault("parameters", {})
        for parameter in self.flow.parameters():
            if not parameter.required:
                values.setdefault(parameter.name, parameter.default)
        values.update(parameters or {})
        context["flow_name"] = self.flow.name
        context.setdefault("scheduled_start_time", now())
        date_context(context, self.logger)
        slugs = self.flow.slugs
        for task in self.flow.tasks:
            own = task_contexts.setdefault(task, {})
            own["task_name"], own["task_slug"] = task.name, slugs[task]
        state, context = super().initialize_run(state=state, context=context)
        return FlowRunnerInitializeResult(state, task_states, context, task_contexts)

    def run(
        self,
        state: State | None = None,
        task_states: dict[Task, State] | None = None,
        return_tasks: Iterable[Task] | None = None,
        parameters: dict[str, Any] | None = None,
        task_runner_state_handlers: Sequence[Handler] | None = None,
        executor: Executor | None = None,
        context: dict[str, Any] | None = None,
        task_contexts: dict[Task, dict[str, Any]] | None = None,
    ) -> State:
        """Run the flow.

        Args:
            state: the state to start from; `Pending` by default.
            task_states: states to start from by task.
            return_tasks: tasks whose states are in the returned state's result.
            parameters: values of the flow's parameters.
            task_runner_state_handlers: state handlers of the task runners.
            executor: runs the tasks; the flow's, or the configured one, by default.
            context: values that are added to the ambient context.
            task_contexts: context values of each task.

        Returns:
            The state the run ended in.

        Raises:
            KeyboardInterrupt, SystemExit: when the run is interrupted, once the state handlers
                have heard of `Cancelled`.
        """
        self.logger.info("Beginning Flow run for '%s'", self.flow.name)
        run_context = {**_surroundings(), **(context or {})}
        # The parameters of an earlier run in the same context must not be changed by this one.
        run_context["parameters"] = dict(run_context.get("parameters") or {})
        executor = executor or self.flow.executor
        if executor is None:
            executor = configured_class("executor", LocalExecutor)()
        self.logger.debug("Using executor type %s", type(executor).__name__)
        try:
            state, task_states, run_context, task_contexts = self.initialize_run(
                state=state,
                task_states=dict(task_states or {}),
                context=run_context,
                task_contexts=dict(task_contexts or {}),
                parameters=dict(parameters or {}),
            )
            with ambient(run_context):
                state = self.check_flow_is_pending_or_running(state)
                state = self.check_flow_reached_start_time(state)
                state = self.set_flow_to_running(state)
                state = self.get_flow_run_state(
                    state,
                    task_states=task_states,
                    task_contexts=task_contexts,
                    return_tasks=return_tasks,
                    task_runner_state_handlers=task_runner_state_handlers,
                    executor=executor,
                )
        except ENDRUN as exc:
            state = exc.state
        except (KeyboardInterrupt, SystemExit):
            self.logger.warning("Flow run CANCELLED: it was interrupted.")
            self.handle_state_change(state or Pending(), Cancelled("Flow run is cancelled"))
            raise
        except Exception as exc:
            message = f"Unexpected error while running flow: {exc!r}"
            self.logger.exception(message)
            if run_context.get("raise_on_exception"):
                raise
            state = self.handle_state_change(state or Pending(), Failed(message, result=exc))
        return state

    @contextlib.contextmanager
    def check_for_cancellation(self) -> Iterator[None]:
        """Surrounds the part of a run that can be cancelled; a plain runner has no one to ask."""
        yield

    @call_state_handlers
    def check_flow_is_pending_or_running(self, state: State) -> State:
        """Go on with a pending or running flow; see `readiness.flow_is_pending_or_running`."""
        return readiness.flow_is_pending_or_running(state, self.logger)

    @call_state_handlers
    def check_flow_reached_start_time(self, state: State) -> State:
        """Go on unless scheduled for later; see `readiness.flow_reached_start_time`."""
        return readiness.flow_reached_start_time(state, self.logger, self.flow.name)

    @call_state_handlers
    def set_flow_to_running(self, state: State) -> State:
        """Go from pending to running; a running flow stays so.

        Raises:
            ENDRUN: if the flow is neither.
        """
        if state.is_pending():
            return Running(message="Running flow.")
        if state.is_running():
            return state
        raise ENDRUN(state)

    @call_state_handlers
    def get_flow_run_state(
        self,
        state: State,
        task_states: dict[Task, State],
        task_contexts: dict[Task, dict[str, Any]],
        return_tasks: Iterable[Task] | None,
        task_runner_state_handlers: Sequence[Handler] | None,
        executor: Executor,
    ) -> State:
        """Run the flow's tasks and decide the flow's state.

        Args:
            state: the running state.
            task_states: states to start from by task.
            task_contexts: context values of each task.
            return_tasks: tasks whose states are in the returned state's result.
            task_runner_state_handlers: state handlers of the task runners.
            executor: runs the tasks.

        Returns:
            The state the flow run ended in; still running if tasks are to be tried again.

        Raises:
            ENDRUN: if the state is not running.
            ValueError: if a task of `return_tasks` is not in the flow.
        """
        if not state.is_running():
            self.logger.info("Flow is not in a Running state.")
            raise ENDRUN(state)
        returned = set(return_tasks or ())
        if returned.difference(self.flow.tasks):
            raise ValueError("Some tasks in return_tasks were not found in the flow.")

        references, terminals = self.flow.reference_tasks(), self.flow.terminal_tasks()
        limits = limits_of(self.flow, ambient.current())
        with (
            self.check_for_cancellation(),
            executor.start(),
            uploads(limits) as behind,
            _dispatching(self.flow, executor) as make_dispatch,
        ):
            dispatch = make_dispatch(
                flow=self.flow,
                executor=executor,
                task_runner_cls=self.task_runner_cls,
                task_states=task_states,
                task_contexts=task_contexts,
                handlers=task_runner_state_handlers,
                logger=self.logger,
                run_task=run_task,
                uploads=behind,
            )
            dispatch.submit_all()
            final = dispatch.final_states(references | terminals | returned)
        # Tasks behind one whose value could not be stored may have gone on with it all the same.
        references, terminals = references | dispatch.unstored, terminals | dispatch.unstored
        return self.determine_final_state(
            state=state,
            key_states=_with_children(final, references),
            return_states={task: final[task] for task in returned},
            terminal_states=_with_children(final, terminals),
        )

    def determine_final_state(
        self,
        state: State,
        key_states: set[State],
        return_states: dict[Task, State],
        terminal_states: set[State],
    ) -> State:
        """Decide the flow's state by its reference tasks, once its terminal tasks are finished.

        Args:
            state: the running state.
            key_states: the states of the reference tasks.
            return_states: what becomes the result.
            terminal_states: the states of the terminal tasks.

        Returns:
            `Success`, `Failed`, the given state, or what the flow's `terminal_state_handler`
            made of it.
        """
        if not all(terminal.is_finished() for terminal in terminal_states):
            self.logger.info("Flow run RUNNING: terminal tasks are incomplete.")
            state.result = return_states
        elif any(key.is_failed() for key in key_states):
            self.logger.info("Flow run FAILED: some reference tasks failed.")
            state = Failed("Some reference tasks failed.", result=return_states)
        elif all(key.is_successful() for key in key_states):
            self.logger.info("Flow run SUCCESS: all reference tasks succeeded")
            state = Success("All reference tasks succeeded.", result=return_states)
        else:
            self.logger.info("Flow run SUCCESS: no reference tasks failed")
            state = Success("No reference tasks failed.", result=return_states)

        handler = getattr(self.flow, "terminal_state_handler", None)
        return (handler and handler(self.flow, state, key_states)) or state


def _dispatching(flow: Flow, executor: Executor) -> contextlib.AbstractContextManager[Any]:
    """What makes the dispatch of a flow run; one whose progress is shown, if that is asked for."""
    if not ambient.config.flows.get("progress"):
        return contextlib.nullcontext(Dispatch)
    from prefect_results.engine.watching import shown_progress

    return shown_progress(flow, executor)


def _with_children(states: Mapping[Task, State], tasks: Iterable[Task]) -> set[State]:
    """The states of tasks; of a mapped task, those of its children instead."""
    chosen: set[State] = set()
    for task in tasks:
        state = states[task]
        if not isinstance(state, Mapped):
            chosen.add(state)
        else:
            chosen.update(representatives(state.map_states))
    return chosen


def _surroundings() -> dict[str, Any]:
    """The ambient context, as far as it is a flow run's; this one may run inside a task."""
    current = ambient.current()
    if "task_full_name" not in current:
        return current
    # Whoever listens to that task's flow run does not know the tasks of this one.
    return {**current, LISTENER: None, CACHED_STATES: None}
