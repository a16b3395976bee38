"""How one task run is handed to an executor, and how its state comes back.

Not here: which one when (see `dispatch`).
"""

from __future__ import annotations

import contextlib
import copy
import operator
from typing import TYPE_CHECKING, Any

from prefect_results.context import context as ambient
from prefect_results.engine.calls import arrived, run_job, run_task
from prefect_results.engine.child_states import States
from prefect_results.engine.environment import Job, RunEnvironment
from prefect_results.engine.future_batches import FutureBatches, counted_parts, parts_of
from prefect_results.engine.lost import job_alone
from prefect_results.engine.travel import transfer_limit
from prefect_results.engine.unsendable import first_unsendable, stand_in, why_not, with_stand_ins
from prefect_results.exceptions import ClusterUnavailable
from prefect_results.logging import get_logger
from prefect_results.states import Failed, Mapped

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from prefect_results.core import Edge, Flow, Task
    from prefect_results.engine.uploads import UploadLimits
    from prefect_results.executors.base import Executor
    from prefect_results.states import State

    ByEdge = Mapping[Edge, Any]


class Submitter:
    """Submits task runs of one flow run.

    Args:
        flow: the flow.
        executor: started.
        task_runner_cls: the class that runs tasks.
        task_contexts: context values of each task.
        handlers: state handlers of the task runners.
        run_task: the function that is submitted to an executor that shares nothing.
        limits: of what batches of mapped children store behind; None if they do not.

    Attributes:
        environment: what the calls of the run share; None if the executor shares nothing.
        shared: what stands for it in the arguments of calls.
    """

    def __init__(
        self,
        flow: Flow,
        executor: Executor,
        task_runner_cls: Any,
        task_contexts: Mapping[Task, dict[str, Any]],
        handlers: Sequence[Any] | None,
        run_task: Callable[..., State],
        limits: UploadLimits | None = None,
    ) -> None:
        self._limits = limits
        self._flow = flow
        self._executor = executor
        self._runner_cls = task_runner_cls
        self._contexts = task_contexts
        self._handlers = handlers
        self._run_task = run_task
        self.environment: RunEnvironment | None = None
        self.shared: Any = None
        self._arrived: Any = None
        if executor.supports_sharing:
            self._share()

    def _share(self) -> None:
        slugs = self._flow.slugs
        travels = self._executor.uses_processes
        environment = self.environment = RunEnvironment(
            jobs={slugs[task]: self._new_job(task) for task in self._flow.sorted_tasks()},
            context=ambient.current(),
            flow_result=self._flow.result,
            runner_cls=self._runner_cls,
            handlers=self._handlers,
            travels=travels,
            transfer_limit=transfer_limit() if travels else None,
            journal=self._executor.journal(),
            upload_limits=self._limits,
        )
        parameters = environment.context.get("parameters") or {}
        if not travels or why_not(list(parameters.values())) is None:
            with contextlib.suppress(Exception):
                self.shared = self._executor.share(environment)
                return
        self.shared = self._executor.share(with_stand_ins(environment))

    def job(self, task: Task) -> Job:
        """The task with its edges."""
        if self.environment is not None:
            return self.environment.jobs[self._flow.slugs[task]]
        return self._new_job(task)

    def _new_job(self, task: Task) -> Job:
        return Job(task, self._flow, self._contexts.get(task, {}))

    def name(self, job: Job) -> str:
        """The name of a job in the environment."""
        return self._flow.slugs[job.task]

    def group(self, job: Job) -> str:
        """A name for the calls of a job that no other run has."""
        import uuid

        return uuid.uuid4().hex

    def arrived(self) -> Any:
        """Future of a call that shows, once it is done, that a worker has the environment."""
        if self._arrived is None:
            self._arrived = self._executor.submit(arrived, self.shared)
        return self._arrived

    def submit(
        self,
        job: Job,
        state: State | None,
        upstream: ByEdge,
        children: ByEdge,
        number: int,
        index: int | None = None,
        is_mapped_parent: bool = False,
    ) -> Any:
        """Submit a task run.

        Args:
            job: the task with its edges.
            state: the state to start from.
            upstream: states or futures by edge.
            children: of mapped upstream tasks by edge.
            number: of the task in the flow.
            index: the map index of a mapped child.
            is_mapped_parent: see `calls.run_task`.

        Returns:
            The state, or the future of it.
        """
        task = job.task
        extra: dict[str, Any] = {
            "task_name": task.name,
            "task_tags": task.tags,
            "task_index": index,
        }
        if self.environment is not None:
            extra["task_number"] = number
            if not ambient.get("raise_on_exception"):
                extra["instead"] = job_alone
            given = [_bare(upstream[edge]) for edge in job.edges]
            reduced = self.reduced_by_position(job, children)
            what = first_unsendable(job, given) if self._executor.uses_processes else None
            if what is not None:
                return self._run_stand_in(job, what, upstream, children, index)
            call = (run_job, self.shared, self.name(job), given, reduced, state, index)
            try:
                return self._executor.submit(*call, extra_context=extra)
            except Exception as exc:
                return failed(task, exc)
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

    def _run_stand_in(
        self, job: Job, what: str, upstream: ByEdge, children: ByEdge, index: int | None
    ) -> State:
        """Run here what stands for a task whose input cannot be sent.

        Args:
            job: the task with its edges.
            what: what is wrong.
            upstream: states or futures by edge.
            children: of mapped upstream tasks by edge.
            index: the map index of a mapped child.
        """
        assert self.environment is not None
        context = self.environment.context_of(job)
        if index is not None:
            context["map_index"] = index
        reduced = {edge: found for edge, found in children.items() if not edge.mapped}
        return run_task(
            task=stand_in(job.task, what),
            state=None,
            upstream_states=self.wait_for_each(upstream),
            context=context,
            flow_result=self._flow.result,
            task_runner_cls=self._runner_cls,
            task_runner_state_handlers=self._handlers,
            upstream_mapped_states={edge: self._waited(found) for edge, found in reduced.items()},
        )

    def run_parent(
        self,
        job: Job,
        state: State | None,
        upstream: dict[Edge, State],
        reduced: ByEdge,
        number: int,
    ) -> State:
        """Find out whether a mapped task goes on to its children.

        With an executor of several workers that is done here, instead of behind what they do.

        Args:
            job: the task with its edges.
            state: the state to start from.
            upstream: states by edge.
            reduced: the children of mapped upstream tasks that it reduces.
            number: of the task in the flow.
        """
        if self.environment is None:
            parent: State = self._executor.wait(
                self.submit(job, state, upstream, reduced, number, is_mapped_parent=True)
            )
            return parent
        return run_task(
            task=job.task,
            state=state,
            upstream_states=dict(upstream),
            context=self.environment.context_of(job),
            flow_result=self._flow.result,
            task_runner_cls=self._runner_cls,
            task_runner_state_handlers=self._handlers,
            upstream_mapped_states={edge: self._waited(found) for edge, found in reduced.items()},
            is_mapped_parent=True,
        )

    def reduced_by_position(self, job: Job, children: ByEdge) -> dict[int, list[Any]]:
        """The children that a task reduces, by the position of their edge."""
        return {
            position: parts_of(children[edge])
            for position, edge in enumerate(job.edges)
            if edge in children and not edge.mapped
        }

    def item(self, future: Any, position: int) -> Any:
        """The future of one state of a future batch."""
        return self._executor.submit(operator.getitem, future, position)

    def wait_for_states(
        self, states: dict[Task, Any], children: dict[Task, Any]
    ) -> dict[Task, State]:
        """Wait for states, and for the children of mapped tasks.

        Args:
            states: states or futures by task.
            children: states, futures or batches by mapped task; replaced by states.

        Returns:
            The state of each task.
        """
        parts = {task: parts_of(found) for task, found in children.items()}
        final: dict[Task, State]
        try:
            final, waited = self._executor.wait([states, parts])
        except Exception:
            final = {task: self.wait_for(task, found) for task, found in states.items()}
            waited = {
                task: [self._wait_for_part(task, *part) for part in counted_parts(found)]
                for task, found in children.items()
            }
        for task, found in children.items():
            together = isinstance(found, FutureBatches)
            children[task] = States(waited[task]) if together else waited[task]
        return final

    def wait_for_each(self, upstream: ByEdge) -> dict[Edge, State]:
        """Wait for the states that are upstream of a task.

        Args:
            upstream: states or futures by edge.
        """
        try:
            states: dict[Edge, State] = self._executor.wait(dict(upstream))
        except Exception:
            return {e: self.wait_for(e.upstream_task, found) for e, found in upstream.items()}
        return states

    def wait_for(self, task: Task, found: Any) -> State:
        """Wait for a state; where its call came to grief, that is a state too.

        Args:
            task: the task.
            found: its state, or the future of it.
        """
        try:
            state: State = self._executor.wait(found)
        except Exception as exc:
            return failed(task, exc)
        return state

    def _wait_for_part(self, task: Task, part: Any, count: int | None) -> Any:
        try:
            return self._executor.wait(part)
        except Exception as exc:
            state = failed(task, exc)
            return state if count is None else [copy.copy(state) for _ in range(count)]

    def _waited(self, children: Any) -> Any:
        waited = self._executor.wait(parts_of(children))
        return States(waited) if isinstance(children, FutureBatches) else waited


def failed(task: Task, exc: Exception) -> Failed:
    """The state of a task run whose call did not come back.

    Raises:
        Exception: the given one, with `raise_on_exception` in the context.
        ClusterUnavailable: the given one; the run has lost more than this task run.
    """
    if ambient.get("raise_on_exception") or isinstance(exc, ClusterUnavailable):
        raise exc
    message = f"Task '{task.name}': {exc}"
    get_logger("TaskRunner").error(message)
    state = Failed(message, result=exc)
    state.context = {"tags": list(task.tags)}
    return state


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
