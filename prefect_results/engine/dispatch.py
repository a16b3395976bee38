"""Which task of a flow run is submitted when, and with which upstream states.

A `Dispatch` lives as long as one flow run: it walks the tasks in order, gathers the upstream
states of each (states, or futures of the executor), and submits the task or its mapped children.
A mapped task that has to wait keeps only the tasks behind it waiting.
"""

from __future__ import annotations

import itertools
from functools import partial
from typing import TYPE_CHECKING, Any

from prefect_results.core.conversion import is_constant_task
from prefect_results.engine import mapping
from prefect_results.engine.batch_calls import flat_states
from prefect_results.engine.batching import Batching, flat_starts
from prefect_results.engine.cached import is_recorded
from prefect_results.engine.checkpoint import why_not
from prefect_results.engine.child_states import child_values
from prefect_results.engine.children import ChildInputs, Elements, Same, Upstream, child_sources
from prefect_results.engine.environment import Job
from prefect_results.engine.future_batches import FutureBatches, parts_of
from prefect_results.engine.here import RunsHere
from prefect_results.engine.inputs import with_loaded_results
from prefect_results.engine.plain import PLAIN, is_plain, is_possible
from prefect_results.engine.submission import Submitter
from prefect_results.engine.waiting import Wait, submit_as_ready
from prefect_results.logging import get_logger
from prefect_results.states import Mapped, Pending, State, Success

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Generator, Mapping, Sequence

    from prefect_results.core import Edge, Flow, Task
    from prefect_results.engine.uploads import Uploads
    from prefect_results.engine.waiting import Steps
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
        uploads: of the flow run, if it stores values behind.

    Attributes:
        task_states: the state, or the future of the state, of each task.
        children: states or futures of the children of each mapped task.
        unstored: the tasks whose values could not be stored after others had gone on with them.
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
        uploads: Uploads | None = None,
    ) -> None:
        self.task_states = task_states
        self.children: dict[Task, Any] = {}
        self.unstored: set[Task] = set()
        # States of tasks that were waited for on the way.
        self._known: dict[Task, State] = {}
        self._flow = flow
        self._executor = executor
        self._contexts = task_contexts
        self._template = flow.result or PLAIN
        self._uploads = uploads
        self._logger = logger
        task_logger = get_logger("TaskRunner")
        self._here: RunsHere | None = None
        if is_possible(executor, task_runner_cls, handlers, task_logger):
            self._here = RunsHere(
                flow, task_states, task_contexts, uploads, self.unstored, task_logger
            )
        limits = None if uploads is None else uploads.limits
        self._submitter = Submitter(
            flow, executor, task_runner_cls, task_contexts, handlers, run_task, limits
        )

    def submit_all(self) -> None:
        """Submit each task of the flow in order; with an executor of one core, run it."""
        ordered = list(enumerate(self._flow.sorted_tasks()))
        if not self._executor.supports_batches:
            for number, task in ordered:
                for _ in self._submit(task, number) or ():
                    pass
            return
        submit_as_ready(ordered, self._submit, self._flow, self._executor)

    def final_states(self, tasks: set[Task]) -> dict[Task, State]:
        """Wait for the states of tasks, and of the children of mapped ones.

        Args:
            tasks: the tasks to wait for.

        Returns:
            The state of each, and of the `unstored`; `Pending` for one that was not submitted.
        """
        if self._uploads is not None:
            self._uploads.drain()
        tasks = tasks | self.unstored
        children = {task: found for task, found in self.children.items() if task in tasks}
        final = self._submitter.wait_for_states(
            {
                task: self._known.get(task)
                or self.task_states.get(task)
                or Pending("Task not evaluated by FlowRunner.")
                for task in tasks
            },
            children,
        )
        for task, state in final.items():
            if isinstance(state, Mapped):
                state.map_states = children.get(task, [])
                state.result = child_values(state.map_states)
        return final

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

    def _submit(self, task: Task, number: int) -> Steps | None:
        """Submit a task; of a mapped one, return the steps in which that is done."""
        if self._uploads is not None:
            self._uploads.settle()
        state = self._starting_state(task)
        # A cached state is validated again, a mapped one gets its children again.
        if not (state is None or not state.is_finished() or state.is_cached() or state.is_mapped()):
            return None
        if state is None and self._here is not None and self._run_here(task, self._here):
            return None
        self._say_why_not(task)
        if self._uploads is not None:
            # What is handed over, to a retry say, tells where upstream values are stored.
            self._uploads.drain()
        job = self._submitter.job(task)
        if any(edge.mapped for edge in job.edges):
            return self._submit_mapped(job, state, number)
        upstream, children = self._upstream_of(job)
        self.task_states[task] = self._submitter.submit(job, state, upstream, children, number)
        return None

    def _say_why_not(self, task: Task) -> None:
        """Log why a value that somebody asked to keep is not written, if it is not."""
        template = task.result or self._template
        # Most tasks ask for nothing; `why_not` has the reasons where one did.
        asks = template is not PLAIN or task.target is not None or task.checkpoint is True
        # Recording a state persists its value, whatever is checkpointed.
        if asks and not is_recorded() and (reason := why_not(template, task)) is not None:
            self._logger.info(f"Task '{task.name}': Its result is not persisted: {reason}.")

    def _run_here(self, task: Task, here: RunsHere) -> bool:
        """Run a plain task whose upstream tasks all succeeded at once; whether it is one."""
        values = here.values_of(task)
        if values is None:
            return False
        if here.run_bare(task, values, self._states_upstream_of):
            return True
        if not is_plain(task):
            return False
        self._say_why_not(task)
        here.run(task, values, partial(self._states_upstream_of, task))
        return True

    def _states_upstream_of(self, task: Task) -> ByEdge:
        upstream, _ = self._upstream_of(self._submitter.job(task))
        return upstream

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
        """The flattened children of a mapped task: states, futures of them, or batches."""
        executor = self._executor
        parts = parts_of(children)
        if not executor.supports_batches or all(isinstance(part, State) for part in parts):
            return mapping.flatten_mapped_children(children, executor)
        futures = [executor.submit(flat_states, [part]) for part in parts]
        return FutureBatches(futures, flat_starts(executor, futures), None, self._submitter.item)

    def _submit_mapped(self, job: Job, state: State | None, number: int) -> Steps:
        upstream, children = self._upstream_of(job)
        reduced = {edge: found for edge, found in children.items() if not edge.mapped}
        waits_for = [*upstream.values()]
        for its_children in reduced.values():
            waits_for += parts_of(its_children)
        # The number of children is known once the upstream values are.
        yield Wait([found for found in waits_for if not isinstance(found, State)])
        upstream = self._submitter.wait_for_each(upstream)
        self._known.update(
            (edge.upstream_task, found) for edge, found in upstream.items() if not edge.flattened
        )
        upstream = with_loaded_results(upstream)
        parent = self._submitter.run_parent(job, state, upstream, reduced, number)
        self.task_states[job.task] = parent
        if not isinstance(parent, Mapped):
            return
        batched = state is None and self._submitter.environment is not None
        yield from self._known_lengths(job, children, one_is_enough=batched)
        sources = child_sources(parent, upstream, children)
        found: Any
        if batched and all(isinstance(src, (Same, Elements, Upstream)) for src in sources.values()):
            found = yield from self._batches(job, sources, reduced, number)
        elif state is None and self._here is not None and is_plain(job.task):
            found = self._run_children(job, self._here, sources, reduced, number)
        else:
            found = self._submit_children(job, state, sources, reduced, number)
        self.children[job.task] = found
        if isinstance(found, list) and all(isinstance(child, State) for child in found):
            parent.map_states = found
            parent.result = [child.result for child in found]

    def _known_lengths(self, job: Job, children: ByEdge, one_is_enough: bool) -> Steps:
        """Wait until it is known how many states flattened batches have, where that is needed."""
        unknown = [
            edge
            for edge, found in children.items()
            if edge.mapped and isinstance(found, FutureBatches) and found.total is None
        ]
        mapped = [edge for edge in job.edges if edge.mapped]
        if not unknown or (one_is_enough and unknown == mapped and len(mapped) == 1):
            return
        for edge in unknown:
            flat = children[edge]
            lengths = [self._executor.submit(len, future) for future in flat.futures]
            yield Wait(lengths)
            stops = list(itertools.accumulate(self._executor.wait(lengths), initial=0))
            children[edge] = FutureBatches(
                flat.futures, stops[:-1], stops[-1], self._submitter.item
            )

    def _batches(
        self, job: Job, sources: Any, reduced: ByEdge, number: int
    ) -> Generator[Wait, None, FutureBatches]:
        submitter = self._submitter
        batching = Batching(
            self._executor,
            submitter.shared,
            submitter.name(job),
            job,
            sources,
            submitter.reduced_by_position(job, reduced),
            number,
            submitter.group(job),
            submitter.arrived(),
        )
        return (yield from batching.submit())

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
                break
            start = _state_of_child(state, index)
            child = self._submitter.submit(job, start, upstream, reduced, number, index)
            children.append(child)
        return children

    def _run_children(
        self, job: Job, here: RunsHere, sources: Any, reduced: ByEdge, number: int
    ) -> list[State]:
        """Run the children of a plain mapped task; one with unusual inputs takes the long way."""
        inputs, direct = ChildInputs(sources), here.direct(job.task)
        children: list[State] = []
        uploads = self._uploads
        for index in itertools.count():
            try:
                values = inputs.values(index)
            except IndexError:
                break
            if values is not None:
                behind = here.behind(job.task, children, index)
                children.append(direct.run(values, inputs.upstream_at(index), index, behind))
            else:
                if uploads is not None:
                    uploads.drain()
                upstream = inputs.upstream(index)
                child = self._submitter.submit(job, None, upstream, reduced, number, index)
                children.append(child)
        return children


def _state_of_child(state: State | None, index: int) -> State | None:
    """The state a child starts from: its own of an earlier run, or the parent's initial one."""
    if not isinstance(state, Mapped):
        return state
    known: State | None = state.map_states[index] if index < len(state.map_states) else None
    return known
