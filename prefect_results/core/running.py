"""The loop of ``flow.run()``: schedules, retries that wait, pauses, and caches between runs.

One run of the tasks is the flow runner's, which the ``engine`` room hands over with
:func:`register_flow_runner`.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from prefect_results import configuration
from prefect_results.context import context as ambient
from prefect_results.states import Failed, Paused, Pending, Resume, Scheduled, Success

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from pendulum import DateTime

    from prefect_results.core.flow import Flow
    from prefect_results.core.task import Task
    from prefect_results.states import State

# States that nobody waits for or keeps; most runs have no others.
_PLAIN = frozenset((Success, Failed))

_default_runner: Callable[[], type[Any]] | None = None


def register_flow_runner(get_class: Callable[[], type[Any]]) -> None:
    """Hand over the default ``FlowRunner``.

    Args:
        get_class: Called for each run, without arguments; returns the class. A class that is
            given itself is used as it is.
    """
    global _default_runner
    if isinstance(get_class, type):
        cls = get_class
        _default_runner = lambda: cls  # noqa: E731
    else:
        _default_runner = get_class


_begin_recording: Callable[..., Any] | None = None


def register_recording(begin: Callable[..., Any]) -> None:
    """Hand over what begins a recorded run.

    Args:
        begin: Called as ``begin(flow, parameters=..., resume=..., store=..., name=...)``; see
            ``backend.recording.begin``.
    """
    global _begin_recording
    _begin_recording = begin


def default_flow_runner() -> type[Any]:
    """The registered ``FlowRunner`` class.

    Raises:
        RuntimeError: if none is registered.
    """
    if _default_runner is None:
        raise RuntimeError("No flow runner is registered; `import prefect_results` registers one.")
    return _default_runner()


def sleep(seconds: float) -> None:
    """Wait; the one place where a run does, for tests to patch."""
    time.sleep(seconds)


def _now() -> DateTime:
    import pendulum

    return pendulum.now("utc")


def run(
    flow: Flow,
    *,
    parameters: dict[str, Any] | None,
    run_on_schedule: bool | None,
    runner_cls: type[Any] | None,
    **kwargs: Any,
) -> State:
    """Run a flow until its schedule ends; see :meth:`prefect_results.core.flow.Flow.run`."""
    if "return_tasks" in kwargs:
        raise ValueError(
            "The `return_tasks` keyword cannot be provided to `flow.run()`; all task states are "
            "always returned. If you want to receive a subset of task states, use a FlowRunner "
            "directly."
        )
    begin = _recording_of(flow, kwargs)
    if begin is not None and "resume" in begin.keywords:
        # A run that goes on has the parameters that it was begun with.
        first = begin(parameters=parameters or {})
        parameters = {**first.parameters, **(parameters or {})}
        begin = partial(_next_of([first]), begin)
    if runner_cls is None:
        runner_cls = default_flow_runner()
    parameters = _collect_parameters(flow, parameters, kwargs)
    ambient.setdefault("caches", {})
    if run_on_schedule is None:
        run_on_schedule = bool(configuration.config.flows.run_on_schedule)
    state = _FlowRun(flow, runner_cls, parameters, run_on_schedule, kwargs, begin).run()
    return _with_all_tasks(flow, state, runner_cls)


def _recording_of(flow: Flow, kwargs: dict[str, Any]) -> partial[Any] | None:
    """What begins a recorded run, if this one is to be recorded."""
    names = {parameter.name for parameter in flow.parameters()}
    given = kwargs.keys() & {"record", "resume", "store"} - names
    options = {name: kwargs.pop(name) for name in given}
    record = options.pop("record", None)
    if options.get("resume") is None:
        options.pop("resume", None)
        if not (configuration.config.flows.record if record is None else record):
            return None
    if _begin_recording is None:
        raise RuntimeError("No recording is registered; `import prefect_results` registers one.")
    return partial(_begin_recording, flow, **options)


def _next_of(begun: list[Any]) -> Callable[..., Any]:
    """A function that gives what was begun already, and then begins new runs."""

    def begin(anew: partial[Any], **kwargs: Any) -> Any:
        return begun.pop() if begun else partial(anew, resume=None)(**kwargs)

    return begin


def _collect_parameters(
    flow: Flow, parameters: dict[str, Any] | None, kwargs: dict[str, Any]
) -> dict[str, Any]:
    known = {parameter.name: parameter for parameter in flow.parameters()}
    given = dict(parameters or {})
    given.update({name: kwargs.pop(name) for name in list(kwargs) if name in known})
    if unknown := [name for name in given if name not in known]:
        raise ValueError(
            f"Flow.run received the following unexpected parameters: {', '.join(unknown)}"
        )
    missing = [name for name, task in known.items() if task.required and name not in given]
    if missing:
        raise ValueError(
            "Flow.run did not receive the following required parameters: " + ", ".join(missing)
        )
    return given


def _with_all_tasks(flow: Flow, state: State, runner_cls: type[Any]) -> State:
    result = state.result
    if isinstance(result, Exception):
        flow.logger.error(f"Unexpected error occured in {runner_cls.__name__}: {result!r}")
        return state
    if not isinstance(result, dict):
        # The run was interrupted before any task was executed.
        result = {}
        state.result = result
    for task in flow.tasks:
        if task not in result:
            result[task] = Pending(message="Task not run.")
    return state


class _FlowRun:
    """The runs of one call of ``flow.run()``."""

    def __init__(
        self,
        flow: Flow,
        runner_cls: type[Any],
        parameters: dict[str, Any],
        run_on_schedule: bool,
        kwargs: dict[str, Any],
        begin: Callable[..., Any] | None = None,
    ) -> None:
        self.begin = begin
        self.flow = flow
        self.runner_cls = runner_cls
        self.base_parameters = parameters
        self.parameters = parameters
        self.schedule = flow.schedule if run_on_schedule else None
        self.kwargs = kwargs

    def run(self) -> State:
        """Run on the schedule, or once; the state of the last run."""
        import uuid

        kwargs = self.kwargs
        start = self._next_start()
        if start is None:
            raise ValueError("Flow has no more scheduled runs.")
        state = kwargs.pop("state", None)
        if state is None:
            state = Scheduled(start_time=start, result={})
        if not isinstance(state.result, dict):
            state.result = {}
        state.result.update(kwargs.pop("task_states", {}))
        self.context = dict(kwargs.pop("context", {}))
        # What a recorded run is called, and its id, where the caller says so.
        self.given: dict[str, Any] = {}
        for key, name in (("flow_run_id", "flow_run_id"), ("name", "flow_run_name")):
            given = kwargs.pop(name, None) or self.context.get(name)
            if given:
                self.given[key] = given
            self.context.setdefault(name, given or str(uuid.uuid4()))
        self.task_contexts = kwargs.pop("task_contexts", {})
        while True:
            self.context.update(scheduled_start_time=start, flow_id=self.flow.name)
            if state.is_scheduled():
                start = state.start_time
                self._wait(start, "Waiting for next scheduled run at %s")
            state, interrupted = self._run_recorded(state)
            # The id is that of one run; the runs that follow on the schedule get their own.
            self.given.pop("flow_run_id", None)
            if not interrupted:
                _keep_caches(state.result)
            start = self._next_start() if self.schedule is not None else None
            if start is None:
                return state
            state = Scheduled(start_time=start, result={})

    def _run_recorded(self, state: State) -> tuple[State, bool]:
        """Run once, and record that if it is to be recorded."""
        if self.begin is None:
            return self._run_once(state)
        session = self.begin(parameters=self.parameters, **self.given)
        self.context.update(session.context)
        if session.state is not None:
            session.state.result = {**session.task_states, **state.result}
            state = session.state
        plain = self.runner_cls
        self.runner_cls = session.runner_for(plain)
        try:
            with session.recording():
                state, interrupted = self._run_once(state)
        finally:
            self.runner_cls = plain
        state.context["flow_run_id"] = session.flow_run_id
        return state, interrupted

    def _next_start(self) -> Any:
        """When to run next, None if never; notes the parameters of that run."""
        if self.schedule is None:
            return _now()
        try:
            event = self.schedule.next(1, return_events=True)[0]
        except IndexError:
            return None
        self.parameters = {**self.base_parameters, **event.parameter_defaults}
        return event.start_time

    def _run_once(self, state: State) -> tuple[State, bool]:
        """Run until all tasks are finished; also whether that was given up."""
        flow = self.flow
        while not state.is_finished():
            state = self.runner_cls(flow=flow).run(
                parameters=self.parameters,
                return_tasks=flow.tasks,
                state=state,
                task_states=state.result,
                context=self.context,
                task_contexts=self._contexts_of_tasks(),
                **self.kwargs,
            )
            # A run that did not start would not start the next time either.
            if not isinstance(state.result, dict) or state.is_scheduled():
                return state, True
            if not _PLAIN.issuperset(map(type, state.result.values())):
                _ask_about_paused(state.result)
                start = _earliest_start(state.result)
                self._wait(start, "Waiting for next available Task run at %s")
        return state, False

    def _contexts_of_tasks(self) -> dict[Task, dict[str, Any]]:
        import uuid

        # Unique ids at a fraction of the cost of a UUID per task: one random stem, then a count.
        stem = str(uuid.uuid4())[:24]
        given = self.task_contexts
        contexts = {}
        for number, (task, slug) in enumerate(self.flow.slugs.items()):
            own = {"task_run_id": f"{stem}{number:012x}", "task_id": slug}
            contexts[task] = {**given[task], **own} if task in given else own
        for task in given:
            if task not in contexts:
                contexts[task] = given[task]
        return contexts

    def _wait(self, until: Any, message: str) -> None:
        seconds = (until - _now()).total_seconds() if until is not None else 0
        if seconds > 0:
            self.flow.logger.info(message, until)
        sleep(max(seconds, 0))


def _ask_about_paused(states: dict[Task, State]) -> None:
    for task, state in states.items():
        if isinstance(state, Paused):
            answer = input(f"{task} is currently Paused; enter 'y' to resume:\n")
            if answer.strip().lower() == "y":
                states[task] = Resume("Approval given to resume.")


def _with_children(states: Iterable[State]) -> list[State]:
    found = list(states)
    for state in list(found):
        if state.is_mapped():
            children = state.map_states  # type: ignore[attr-defined]
            # Many alike need not be looked at each.
            representatives = getattr(children, "representatives", None)
            found.extend(children if representatives is None else representatives())
    return found


def _earliest_start(states: dict[Task, State]) -> Any:
    starts = [
        state.start_time  # type: ignore[attr-defined]
        for state in _with_children(states.values())
        if state.is_scheduled() and state.start_time is not None  # type: ignore[attr-defined]
    ]
    return min(starts, default=None)


def _keep_caches(states: dict[Task, State]) -> None:
    """Put the unexpired Cached states where the next run in this process finds them."""
    caches = ambient.caches
    now = None
    if not caches and _PLAIN.issuperset(map(type, states.values())):
        return
    for task, state in states.items():
        mapped = state.is_mapped()
        key = task.cache_key or task.name
        if not mapped and not state.is_cached() and key not in caches:
            continue
        found = [sub for sub in (_with_children([state]) if mapped else [state]) if sub.is_cached()]
        known = caches.get(key)
        if known is None and not found:
            continue
        now = now or _now()
        # One that runs of this process shared is there already.
        there = set(map(id, known or ()))
        caches[key] = [
            cached
            for cached in [*(known or ()), *(new for new in found if id(new) not in there)]
            if cached.cached_result_expiration and cached.cached_result_expiration > now
        ]
