"""Which task of a flow run is submitted when, and with which upstream states.

A `Dispatch` lives as long as one flow run: it walks the tasks in order, gathers the upstream
states of each (states, or futures of the executor), and submits the task or its mapped children.
"""

from __future__ import annotations

import itertools
import operator
from typing import TYPE_CHECKING, Any

from prefect_results.context import context as ambient
from prefect_results.core.conversion import is_constant_task
from prefect_results.engine import batching, mapping
from prefect_results.engine.batches import FutureBatches, States
from prefect_results.engine.calls import flat_states, run_job
from prefect_results.engine.checkpoint import why_not
from prefect_results.engine.children import ChildInputs, Elements, Same, Upstream, child_sources
from prefect_results.engine.direct import PLAIN, DirectTask, is_plain, is_possible, value_is_here
from prefect_results.engine.environment import Job, RunEnvironment, check_picklable
from prefect_results.engine.inputs import with_loaded_results
from prefect_results.logging import get_logger
from prefect_results.states import Mapped, Pending, State, Success

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Mapping, Sequence

    from prefect_results.core import Edge, Flow, Task
    from prefect_results.executors.base import Executor

    ByEdge = dict[Edge, Any]


class Dispatch:
    """Submits the task runs of one flow run.

    Args:
        flow: the flow.
        executor: where task runs are submitted; started.
        task_runner_cls: the class that runs tasks.
        task_states: states to start from by task; gets the state, or the future, of each.
        task_contexts: context values of each task.
        handlers: state handlers of the task runners.
        logger: the flow runner's logger.
        run_task: the function that is submitted; see `calls.run_task`.

    Attributes:
        task_states: the state, or the future of the state, of each task.
        children: states or futures of the children of each mapped task.
    """

    def __init__(
        self,
        flow: Flow,
        executor: Executor,
        task_runner_cls: type,
        task_states: dict[Task, Any],
        task_contexts: Mapping[Task, dict[str, Any]],
        handlers: Sequence[Any] | None,
        logger: logging.Logger,
        run_task: Callable[..., State],
    ) -> None:
        self.task_states = task_states
        self.children: dict[Task, Any] = {}
        self._flow = flow
        self._executor = executor
        self._runner_cls = task_runner_cls
        self._contexts = task_contexts
        self._handlers = handlers
        self._logger = logger
        self._run_task = run_task
        self._task_logger = get_logger("TaskRunner")
        self._may_be_direct = is_possible(executor, task_runner_cls, handlers, self._task_logger)
        self._environment = self._shared_environment() if executor.supports_sharing else None

    def _shared_environment(self) -> Any:
        """What each call needs, sent to the executor's workers once."""
        slugs = self._flow.slugs
        environment = RunEnvironment(
            jobs={slugs[task]: self._job(task) for task in self._flow.sorted_tasks()},
            context=ambient.current(),
            flow_result=self._flow.result,
            runner_cls=self._runner_cls,
            handlers=self._handlers,
        )
        try:
            return self._executor.share(environment)
        except Exception:
            check_picklable(environment)
            raise

    def _job(self, task: Task) -> Job:
        return Job(task, self._flow, self._contexts.get(task, {}))

    def submit_all(self) -> None:
        """Submit each task of the flow in order; with an executor of one core, run it."""
        for number, task in enumerate(self._flow.sorted_tasks()):
            state = self._starting_state(task)
            # A cached state is validated again, a mapped one gets its children again.
            runs = (
                state is None or not state.is_finished() or state.is_cached() or state.is_mapped()
            )
            if runs:
                self._submit(self._job(task), state, number)

    def final_states(self, tasks: set[Task]) -> dict[Task, State]:
        """Wait for the states of tasks, and of the children of mapped ones.

        Args:
            tasks: the tasks to wait for.

        Returns:
            The state of each; `Pending` for one that was not submitted.
        """
        final: dict[Task, State] = self._executor.wait(
            {
                task: self.task_states.get(task) or Pending("Task not evaluated by FlowRunner.")
                for task in tasks
            }
        )
        for task, state in final.items():
            if isinstance(state, Mapped):
                if task in self.children:
                    state.map_states = self._waited(self.children[task])
                state.result = values_of_children(state.map_states)
        return final

    def _waited(self, children: Any) -> Any:
        if isinstance(children, FutureBatches):
            return States(self._executor.wait(children.futures))
        return self._executor.wait(children)

    def _starting_state(self, task: Task) -> State | None:
        state: State | None = self.task_states.get(task)
        if state is None:
            if is_constant_task(task):
                state = self.task_states[task] = Success(result=task.value)  # type: ignore[attr-defined]
        elif (
            getattr(task, "reruns_when_finished", False)
            and state.is_finished()
            and not state.is_cached()
        ):
            state = self.task_states[task] = Pending()
        return state

    def _submit(self, job: Job, state: State | None, number: int) -> None:
        task = job.task
        upstream, children = self._upstream_of(job)
        reason = why_not(task.result or self._flow.result or PLAIN, task)
        if reason is not None:
            self._logger.info(f"Task '{task.name}': Its result is not persisted: {reason}.")
        if any(edge.mapped for edge in upstream):
            self._submit_mapped(job, state, upstream, children, number)
            return
        direct = None if any(edge.flattened for edge in children) else self._direct(job, state)
        if direct is not None and all(map(value_is_here, upstream.values())):
            values = {edge.key: up.result for edge, up in upstream.items() if edge.key is not None}
            self.task_states[task] = direct.run(values, lambda: upstream)
        else:
            self.task_states[task] = self._submit_run(job, state, upstream, children, number)

    def _upstream_of(self, job: Job) -> tuple[ByEdge, ByEdge]:
        """Upstream states by edge, and the children of the mapped ones among them."""
        upstream: ByEdge = {}
        children: ByEdge = {}
        for edge in job.edges:
            state = self.task_states.get(edge.upstream_task)
            if state is None:
                state = Pending(message="Task state not available.")
            if isinstance(state, Mapped):
                found = self.children.get(edge.upstream_task, [])
                children[edge] = self._flattened(found) if edge.flattened else found
            elif edge.flattened:
                state = self._executor.submit(mapping.flatten_upstream_state, state)
            upstream[edge] = state
        upstream.update(job.constants)
        return upstream, children

    def _flattened(self, children: Any) -> Any:
        if not isinstance(children, FutureBatches):
            return mapping.flatten_mapped_children(children, self._executor)
        flat = [self._executor.submit(flat_states, [future]) for future in children.futures]
        lengths = self._executor.wait([self._executor.submit(len, future) for future in flat])
        return FutureBatches(flat, lengths, self._item)

    def _item(self, future: Any, position: int) -> Any:
        return self._executor.submit(operator.getitem, future, position)

    def _submit_mapped(
        self,
        job: Job,
        state: State | None,
        upstream: ByEdge,
        children: ByEdge,
        number: int,
    ) -> None:
        # The number of children is known once the upstream values are.
        upstream = with_loaded_results(self._executor.wait(upstream))
        parent = self._executor.wait(
            self._submit_run(job, state, upstream, children, number, is_mapped_parent=True)
        )
        self.task_states[job.task] = parent
        if not isinstance(parent, Mapped):
            return
        sources = child_sources(parent, upstream, children)
        reduced = {edge: found for edge, found in children.items() if not edge.mapped}
        found: Any
        batched = self._may_be_batched(job, state) and not reduced
        if batched and all(isinstance(src, (Same, Elements, Upstream)) for src in sources.values()):
            found = batching.submit_batches(
                self._executor, self._environment, self._slug(job), job, sources, number
            )
        elif (direct := self._direct(job, state)) is not None:
            found = self._run_children(job, direct, sources, reduced, number)
        else:
            found = self._submit_children(job, state, sources, reduced, number)
        self.children[job.task] = found
        if isinstance(found, list) and all(isinstance(child, State) for child in found):
            parent.map_states = found
            parent.result = [child.result for child in found]

    def _submit_children(
        self, job: Job, state: State | None, sources: Any, reduced: ByEdge, number: int
    ) -> list[Any]:
        inputs = ChildInputs(sources)
        children: list[Any] = []
        if not sources:
            return children
        for index in itertools.count():
            try:
                upstream = inputs.upstream(index)
            except IndexError:
                return children
            start = _state_of_child(state, index)
            children.append(self._submit_run(job, start, upstream, reduced, number, index))
        return children

    def _run_children(
        self, job: Job, direct: DirectTask, sources: Any, reduced: ByEdge, number: int
    ) -> list[State]:
        """Run the children of a plain mapped task; one with unusual inputs takes the long way."""
        inputs = ChildInputs(sources)
        children: list[State] = []
        for index in itertools.count():
            try:
                values = inputs.values(index)
            except IndexError:
                return children
            if values is not None:
                children.append(direct.run(values, inputs.upstream_at(index), index))
            else:
                upstream = inputs.upstream(index)
                children.append(self._submit_run(job, None, upstream, reduced, number, index))
        return children

    def _may_be_batched(self, job: Job, state: State | None) -> bool:
        return (
            state is None
            and self._environment is not None
            and self._executor.supports_batches
            and is_plain(job.task)
            and not self._handlers
        )

    def _direct(self, job: Job, state: State | None) -> DirectTask | None:
        if state is not None or not self._may_be_direct or not is_plain(job.task):
            return None
        context = {**ambient.current(), **job.context}
        return DirectTask(job.task, context, self._flow.result, self._task_logger)

    def _slug(self, job: Job) -> str:
        return self._flow.slugs[job.task]

    def _submit_run(
        self,
        job: Job,
        state: State | None,
        upstream: ByEdge,
        children: ByEdge,
        number: int,
        index: int | None = None,
        is_mapped_parent: bool = False,
    ) -> Any:
        task = job.task
        extra = {"task_name": task.name, "task_tags": task.tags, "task_index": index}
        if self._environment is not None:
            extra["task_number"] = number
            return self._executor.submit(
                run_job,
                self._environment,
                self._slug(job),
                [_bare(upstream[edge]) for edge in job.edges],
                _reduced_by_position(job, children),
                state,
                index,
                is_mapped_parent,
                extra_context=extra,
            )
        context = {**ambient.current(), **job.context}
        if index is not None:
            context["map_index"] = index
        return self._executor.submit(
            self._run_task,
            task=task,
            state=state,
            upstream_states=upstream,
            context=context,
            flow_result=self._flow.result,
            task_runner_cls=self._runner_cls,
            task_runner_state_handlers=self._handlers,
            upstream_mapped_states={e: found for e, found in children.items() if not e.mapped},
            is_mapped_parent=is_mapped_parent,
            extra_context=extra,
        )


def _bare(state: Any) -> Any:
    """A mapped state without its children, which travel as futures of their own."""
    if not isinstance(state, Mapped):
        return state
    return Mapped(
        state.message,
        context=state.context,
        cached_inputs=state.cached_inputs,
        n_map_states=state.n_map_states,
    )


def _reduced_by_position(job: Job, children: ByEdge) -> dict[int, list[Any]]:
    """The children that a task reduces, by the position of their edge."""
    reduced = {}
    for position, edge in enumerate(job.edges):
        if edge in children and not edge.mapped:
            found = children[edge]
            reduced[position] = found.futures if isinstance(found, FutureBatches) else list(found)
    return reduced


def values_of_children(children: Any) -> list[Any]:
    """The values of children, as the value of their parent."""
    if isinstance(children, States):
        return children.all_values()
    return [child.result for child in children]


def _state_of_child(state: State | None, index: int) -> State | None:
    """The state a child starts from: its own of an earlier run, or the parent's initial one."""
    if not isinstance(state, Mapped):
        return state
    known: State | None = state.map_states[index] if index < len(state.map_states) else None
    return known
