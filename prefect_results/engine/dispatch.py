"""Which task of a flow run is submitted when, and with which upstream states.

A `Dispatch` lives as long as one flow run: it walks the tasks in order, gathers the upstream
states of each (states, or futures of the executor), and submits the task or its mapped children.
"""

from __future__ import annotations

import itertools
from functools import partial
from typing import TYPE_CHECKING, Any

from prefect_results.context import context as ambient
from prefect_results.core.conversion import is_constant_task, registered
from prefect_results.core.edge import Edge
from prefect_results.engine import mapping
from prefect_results.engine.checkpoint import why_not
from prefect_results.engine.direct import PLAIN, DirectTask, is_plain, is_possible, value_is_here
from prefect_results.engine.inputs import with_loaded_results
from prefect_results.logging import get_logger
from prefect_results.results import ConstantResult
from prefect_results.states import Mapped, Pending, State, Success

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Mapping, Sequence

    from prefect_results.core import Flow, Task
    from prefect_results.executors.base import Executor

Upstream = dict[Edge, Any]


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
        run_task: the function that is submitted; see `flow_runner.run_task`.

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
        self.children: dict[Task, list[Any]] = {}
        self._flow = flow
        self._executor = executor
        self._runner_cls = task_runner_cls
        self._contexts = task_contexts
        self._handlers = handlers
        self._logger = logger
        self._run_task = run_task
        self._task_logger = get_logger("TaskRunner")
        self._may_be_direct = is_possible(executor, task_runner_cls, handlers, self._task_logger)

    def submit_all(self) -> None:
        """Submit each task of the flow in order; with an executor of one core, run it."""
        for task in self._flow.sorted_tasks():
            state = self._starting_state(task)
            # A cached state is validated again, a mapped one gets its children again.
            runs = (
                state is None or not state.is_finished() or state.is_cached() or state.is_mapped()
            )
            if runs:
                self._submit(task, state)

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
                    state.map_states = self._executor.wait(self.children[task])
                state.result = [child.result for child in state.map_states]
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

    def _submit(self, task: Task, state: State | None) -> None:
        upstream, reduced = self._upstream_of(task)
        reason = why_not(task.result or self._flow.result or PLAIN, task)
        if reason is not None:
            self._logger.info(f"Task '{task.name}': Its result is not persisted: {reason}.")
        if any(edge.mapped for edge in upstream):
            self._submit_mapped(task, state, upstream, reduced)
            return
        direct = None if any(edge.flattened for edge in reduced) else self._direct(task, state)
        if direct is not None and all(map(value_is_here, upstream.values())):
            values = {edge.key: up.result for edge, up in upstream.items() if edge.key is not None}
            self.task_states[task] = direct.run(values, lambda: upstream)
        else:
            self.task_states[task] = self._submit_run(task, state, upstream, reduced)

    def _upstream_of(self, task: Task) -> tuple[Upstream, dict[Edge, list[Any]]]:
        """Upstream states by edge, and for reduces the children of the mapped ones among them."""
        upstream: Upstream = {}
        reduced: dict[Edge, list[Any]] = {}
        for edge in self._flow.edges_to(task):
            state = self.task_states.get(edge.upstream_task)
            if state is None:
                state = Pending(message="Task state not available.")
            is_mapped = isinstance(state, Mapped)
            if edge.flattened and not is_mapped:
                state = self._executor.submit(mapping.flatten_upstream_state, state)
            if is_mapped and not edge.mapped:
                children = self.children.get(edge.upstream_task, [])
                if edge.flattened:
                    children = mapping.flatten_mapped_children(children, self._executor)
                reduced[edge] = children
            upstream[edge] = state
        for key, value in self._flow.constants[task].items():
            edge = Edge(registered.constant(value), task, key=key)  # type: ignore[misc]
            upstream[edge] = Success(
                "Auto-generated constant value", result=ConstantResult(value=value)
            )
        return upstream, reduced

    def _submit_mapped(
        self, task: Task, state: State | None, upstream: Upstream, reduced: dict[Edge, list[Any]]
    ) -> None:
        # The number of children is known once the upstream values are.
        upstream = with_loaded_results(self._executor.wait(upstream))
        parent = self._executor.wait(
            self._submit_run(task, state, upstream, reduced, is_mapped_parent=True)
        )
        self.task_states[task] = parent
        if not isinstance(parent, Mapped):
            return
        sources = mapping.child_sources(parent, upstream, self.children, self._executor)
        direct = self._direct(task, state)
        if direct is not None and all(
            value_is_here(up) or (edge.mapped and up.is_mapped()) for edge, up in upstream.items()
        ):
            children = self._run_children(task, direct, upstream, sources, reduced)
        else:
            children = [
                self._submit_run(task, _state_of_child(state, index), states, reduced, index)
                for index, states in mapping.each_child(sources)
            ]
        self.children[task] = children
        if all(isinstance(child, State) for child in children):
            parent.map_states = children
            parent.result = [child.result for child in children]

    def _run_children(
        self,
        task: Task,
        direct: DirectTask,
        upstream: Upstream,
        sources: mapping.Sources,
        reduced: dict[Edge, list[Any]],
    ) -> list[State]:
        """Run the children of a plain mapped task; one with unusual inputs takes the long way."""
        values: dict[str, Any] = {}
        items: list[tuple[str, Any]] = []
        states: list[tuple[str | None, Any]] = []
        for edge, up in upstream.items():
            if edge.mapped and up.is_mapped():
                states.append((edge.key, sources[edge]))
            elif edge.mapped:
                items.append((edge.key or "", up.result))
            elif edge.key is not None:
                values[edge.key] = up.result

        children: list[State] = []
        for index in itertools.count():
            child_values = values.copy()
            ordinary = True
            try:
                for key, sequence in items:
                    child_values[key] = sequence[index]
                for key_or_none, source in states:
                    up = source(index)
                    ordinary = ordinary and value_is_here(up)
                    if key_or_none is not None:
                        child_values[key_or_none] = up.result
            except IndexError:
                return children
            if ordinary:
                child_values.pop("", None)
                get_upstream = partial(mapping.child_upstream, sources, index)
                children.append(direct.run(child_values, get_upstream, index))
            else:
                child_upstream = mapping.child_upstream(sources, index)
                children.append(self._submit_run(task, None, child_upstream, reduced, index))
        return children

    def _direct(self, task: Task, state: State | None) -> DirectTask | None:
        if state is not None or not self._may_be_direct or not is_plain(task):
            return None
        return DirectTask(task, self._context_of(task), self._flow.result, self._task_logger)

    def _context_of(self, task: Task) -> dict[str, Any]:
        return {**ambient.current(), **self._contexts.get(task, {})}

    def _submit_run(
        self,
        task: Task,
        state: State | None,
        upstream: Upstream,
        reduced: dict[Edge, list[Any]],
        index: int | None = None,
        is_mapped_parent: bool = False,
    ) -> Any:
        context = self._context_of(task)
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
            upstream_mapped_states=reduced,
            is_mapped_parent=is_mapped_parent,
            extra_context={"task_name": task.name, "task_tags": task.tags, "task_index": index},
        )


def _state_of_child(state: State | None, index: int) -> State | None:
    """The state a child starts from: its own of an earlier run, or the parent's initial one."""
    if not isinstance(state, Mapped):
        return state
    known: State | None = state.map_states[index] if index < len(state.map_states) else None
    return known
