"""The task runs of a flow run that are made where they are dispatched, with values at hand.

Not here: whether that is possible (`plain`), the runs themselves (`bare`, `direct`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect_results.context import context as ambient
from prefect_results.engine.bare import BareRuns, is_bare
from prefect_results.engine.direct import DirectTask
from prefect_results.engine.plain import value_is_here
from prefect_results.engine.uploads import Behind
from prefect_results.states import Success

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Mapping

    from prefect_results.core import Edge, Flow, Task
    from prefect_results.engine.uploads import Uploads
    from prefect_results.states import State


class RunsHere:
    """Runs plain tasks at once; made in the context of the flow run.

    Args:
        flow: the flow.
        task_states: the state of each task that has one; gets those of the runs.
        task_contexts: context values of each task.
        uploads: of the flow run, if it stores values behind.
        unstored: gets the tasks whose values could not be stored after others had gone on with
            them.
        logger: the logger of task runners.
    """

    __slots__ = (
        "_bare",
        "_constants",
        "_contexts",
        "_flow",
        "_logger",
        "_states",
        "_unstored",
        "_uploads",
        "_upstream",
    )

    def __init__(
        self,
        flow: Flow,
        task_states: dict[Task, Any],
        task_contexts: Mapping[Task, dict[str, Any]],
        uploads: Uploads | None,
        unstored: set[Task],
        logger: logging.Logger,
    ) -> None:
        self._flow = flow
        self._upstream = flow.graph().upstream
        self._constants = flow.constants
        self._states = task_states
        self._contexts = task_contexts
        self._uploads = uploads
        self._unstored = unstored
        self._logger = logger
        bare = uploads is None and BareRuns.are_possible(flow, logger)
        self._bare = BareRuns() if bare else None

    def values_of(self, task: Task) -> dict[str, Any] | None:
        """The arguments of a task whose upstream tasks all succeeded at once; None for others."""
        constants = self._constants.get(task)
        values = dict(constants) if constants else {}
        for edge in self._upstream[task]:
            state = self._states.get(edge.upstream_task)
            if state is None or edge.mapped or edge.flattened or not value_is_here(state):
                return None
            if edge.key is not None:
                plain = type(state) is Success
                values[edge.key] = state._result.value if plain else state.result
        return values

    def run_bare(
        self,
        task: Task,
        values: dict[str, Any],
        upstream: Callable[[Task], Mapping[Edge, State]],
    ) -> bool:
        """Run a task if its run is nothing but a call.

        Args:
            task: the task.
            values: see `values_of`.
            upstream: gives the upstream states of the task by edge, if they are needed.

        Returns:
            Whether it was run.
        """
        if self._bare is None or not is_bare(task):
            return False
        self._states[task] = self._bare.run(task, self._contexts.get(task, {}), values, upstream)
        return True

    def run(
        self, task: Task, values: dict[str, Any], upstream: Callable[[], Mapping[Edge, State]]
    ) -> None:
        """Run a plain task.

        Args:
            task: the task.
            values: see `values_of`.
            upstream: gives its upstream states by edge, if they are needed.
        """
        behind = self.behind(task, self._states, task)
        self._states[task] = self.direct(task).run(values, upstream, behind=behind)

    def direct(self, task: Task) -> DirectTask:
        """What runs a plain task, or each of its children."""
        context = {**ambient.current(), **self._contexts.get(task, {})}
        return DirectTask(task, context, self._flow.result, self._logger)

    def behind(self, task: Task, states: Any, key: Any) -> Behind | None:
        """What stores a task run's value behind it; the state is in `states` under `key`."""
        uploads = self._uploads
        if uploads is None:
            return None

        def replace(state: State) -> None:
            states[key] = state
            if any(e.downstream_task in self._states for e in self._flow.edges_from(task)):
                self._unstored.add(task)

        return Behind(uploads, replace)
