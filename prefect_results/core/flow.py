"""Flows: tasks, their dependencies, and what decides the state of the whole.

Here belongs what a flow is and does. How its graph is built is in ``core.building``, what can be
asked about it in ``core.questions``, where it is kept in ``core.keeping``; ``core.running`` runs
it, ``core.visualize`` draws it.
"""

from __future__ import annotations

import time  # noqa: F401 - the legacy place where tests patch the sleep between runs
import warnings
from collections import defaultdict
from typing import TYPE_CHECKING

from prefect_results.context import context
from prefect_results.core import running
from prefect_results.core.graph import Graph
from prefect_results.core.keeping import INSIDE_CONTEXT, FlowKeeping
from prefect_results.core.options import handlers_of
from prefect_results.core.task import Task
from prefect_results.logging import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from prefect_results.core.edge import Edge
    from prefect_results.results import Result
    from prefect_results.states import State


class Flow(FlowKeeping):
    """Tasks and the dependencies between them.

    Inside ``with Flow("name") as flow:`` calling a task adds it to the flow.

    Args:
        name: Name of the flow.
        schedule: When ``run`` runs it; see :mod:`prefect_results.schedules`.
        executor: Where its tasks run; the configured default if None.
        run_config: How a deployed flow is run; kept, not used here.
        storage: Where a deployed flow is stored; kept, not used here.
        tasks: Tasks to begin with.
        edges: Edges to begin with.
        reference_tasks: Tasks that decide the state of a run; the terminal tasks by default.
        state_handlers: ``handler(flow, old_state, new_state) -> State | None``, called in order
            on each change of state.
        on_failure: ``fn(flow, state)``, called when the flow fails.
        validate: Whether to check the flow as the ``edges`` are added; the configuration's
            ``flows.eager_edge_validation`` by default.
        result: How and where task outputs are kept, for tasks that do not say it themselves.
        terminal_state_handler: ``handler(flow, state, reference_task_states) -> State | None``,
            which may replace the final state.
        checkpoint_behind: Whether results are stored while the tasks that follow run; the
            configuration's ``flows.checkpoint_behind`` by default.

    Raises:
        ValueError: if there is no name, or a reference task is not among the tasks.
        TypeError: if ``state_handlers`` is no sequence.
    """

    def __init__(
        self,
        name: str,
        schedule: Any = None,
        executor: Any = None,
        run_config: Any = None,
        storage: Any = None,
        tasks: Iterable[Task] | None = None,
        edges: Iterable[Edge] | None = None,
        reference_tasks: Iterable[Task] | None = None,
        state_handlers: list[Callable[..., Any]] | None = None,
        on_failure: Callable[..., Any] | None = None,
        validate: bool | None = None,
        result: Result | None = None,
        terminal_state_handler: Callable[..., State | None] | None = None,
        checkpoint_behind: bool | None = None,
    ) -> None:
        from prefect_results.version import LEGACY_VERSION

        if not name:
            raise ValueError("A name must be provided for the flow.")
        self.name = name
        self.logger = get_logger(name)
        self.schedule = schedule
        self.executor = executor
        self.run_config = run_config
        self.storage = storage
        self.result = result
        self.terminal_state_handler = terminal_state_handler
        self.checkpoint_behind = checkpoint_behind
        self._cache = {}
        self._graph = Graph()
        self._slug_counts = {}
        self._slugs_in_use = set()
        self.slugs = {}
        self.constants = defaultdict(dict)
        for task in tasks or ():
            self.add_task(task)
        self.set_reference_tasks(reference_tasks or ())
        for edge in edges or ():
            self.add_edge(
                upstream_task=edge.upstream_task,
                downstream_task=edge.downstream_task,
                key=edge.key,
                mapped=edge.mapped,
                flattened=edge.flattened,
                validate=validate,
            )
        self._prefect_version = LEGACY_VERSION
        self.state_handlers = handlers_of(state_handlers, on_failure)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Flow)
            and type(self) is type(other)
            and self.name == other.name
            and self.tasks == other.tasks
            and self.edges == other.edges
            and self.reference_tasks() == other.reference_tasks()
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f'<{type(self).__name__}: name="{self.name}">'

    def copy(self) -> Flow:
        """Another flow with the same tasks; adding to one leaves the other as it is."""
        new: Flow = object.__new__(type(self))
        new.__dict__.update(self.__dict__)
        new._cache = {}
        new._graph = self.graph().copy()
        new.slugs = self.slugs.copy()
        new._slug_counts = self._slug_counts.copy()
        new._slugs_in_use = self._slugs_in_use.copy()
        new.constants = defaultdict(dict, {t: dict(c) for t, c in self.constants.items()})
        new.set_reference_tasks(self._reference_tasks)
        return new

    def __setstate__(self, state: dict[str, Any]) -> None:
        state.setdefault("checkpoint_behind", None)
        if "_graph" not in state:
            # A pickle of Prefect 1.4.1, which keeps no adjacency.
            state = dict(state)
            state["_graph"] = Graph(state.pop("tasks"), state.pop("edges"))
            state.pop("_slug_counters", None)
            state["_slug_counts"] = {}
            state["_slugs_in_use"] = set(state["slugs"].values())
            state["_cache"] = {}
        self.__dict__.update(state)

    def __enter__(self) -> Flow:
        self._ctx = context(flow=self, _unused_task_tracker=set())
        self._ctx.__enter__()
        return self

    def __exit__(self, exc_type: Any, exc_value: Any, traceback: Any) -> None:
        created: set[Task] = context.get("_unused_task_tracker", set())
        self._ctx.__exit__(exc_type, exc_value, traceback)
        del self._ctx
        unused = created - self.tasks
        if exc_type is None and unused:
            warnings.warn(
                f"Tasks were created but not added to the flow: {unused}. This can occur when "
                "`Task` classes, including `Parameters`, are instantiated inside a `with flow:` "
                "block but not added to the flow either explicitly or as the input to another "
                "task. For more information, see https://docs.prefect.io/core/advanced_tutorials/"
                "task-guide.html#adding-tasks-to-flows.",
                stacklevel=2,
            )

    def run(
        self,
        parameters: dict[str, Any] | None = None,
        run_on_schedule: bool | None = None,
        runner_cls: type[Any] | None = None,
        **kwargs: Any,
    ) -> State | None:
        """Run the flow here and now, with its retries; if it has a schedule, again and again.

        Args:
            parameters: Values of the flow's parameters.
            run_on_schedule: Whether to follow the schedule; the configuration's
                ``flows.run_on_schedule`` by default.
            runner_cls: The ``FlowRunner`` class; the configured one by default.
            kwargs: Parameters by name; ``context``, ``state``, ``task_states``,
                ``task_contexts``, ``flow_run_id`` and ``flow_run_name``; what is left goes to
                the runner's ``run``, such as ``executor`` and ``task_runner_state_handlers``.

        Returns:
            The final state of the last run. Its ``result`` is a dict of each task's state.

        Raises:
            RuntimeError: if called inside ``with Flow(...)``.
            ValueError: if parameters are unknown or missing, ``return_tasks`` is given, or the
                schedule has no more runs.
        """
        if hasattr(self, "_ctx"):
            raise RuntimeError(INSIDE_CONTEXT.format(method="run"))
        if context.get("loading_flow", False):
            warnings.warn(
                "`flow.run()` does nothing while the file that builds the flow is loaded.",
                stacklevel=2,
            )
            return None
        return running.run(
            self,
            parameters=parameters,
            run_on_schedule=run_on_schedule,
            runner_cls=runner_cls,
            **kwargs,
        )

    def visualize(
        self,
        flow_state: State | None = None,
        filename: str | None = None,
        format: str | None = None,
        horizontal: bool = False,
    ) -> Any:
        """Draw the flow with Graphviz (extra ``viz``).

        Args:
            flow_state: Final state of a run: tasks get the colours of their states, and mapped
                tasks are drawn as their children.
            filename: Where to write the picture, without its ending; else it is shown.
            format: Ending and format of the file; ``pdf`` by default.
            horizontal: Whether to draw from left to right.

        Returns:
            The ``graphviz.Digraph``.

        Raises:
            ImportError: if ``graphviz`` is not installed.
        """
        from prefect_results.core.visualize import visualize

        return visualize(self, flow_state, filename, format, horizontal)
