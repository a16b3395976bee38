"""What can be asked about the graph of a flow: neighbours, order, ends, reference tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from prefect_results.core.graph import Graph
from prefect_results.core.parameter import Parameter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from prefect_results.core.edge import Edge
    from prefect_results.core.task import Task

T = TypeVar("T")


class FlowQuestions:
    """Mixin of :class:`~prefect_results.core.flow.Flow`: everything that changes nothing.

    Answers that take a walk through the graph are kept until the flow changes.
    """

    _cache: dict[Any, Any]
    _graph: Graph
    _reference_tasks: set[Task]

    @property
    def tasks(self) -> set[Task]:
        """All tasks of the flow."""
        return self._graph.tasks

    @tasks.setter
    def tasks(self, tasks: Iterable[Task]) -> None:
        self._graph = self._graph.rebuilt(tasks, self._graph.edges)
        self._cache.clear()

    @property
    def edges(self) -> set[Edge]:
        """All edges of the flow. Keyed constants have none; they are in ``constants``."""
        return self._graph.edges

    @edges.setter
    def edges(self, edges: Iterable[Edge]) -> None:
        self._graph = self._graph.rebuilt(self._graph.tasks, edges)
        self._cache.clear()

    def graph(self) -> Graph:
        """The graph with its adjacency, up to date even if ``tasks`` was changed from outside."""
        graph = self._graph
        if graph.tasks.changed or graph.edges.changed:
            graph = self._graph = graph.rebuilt(graph.tasks, graph.edges)
            self._cache.clear()
        return graph

    def _cached(self, key: tuple[Any, ...], compute: Callable[[Graph], T]) -> T:
        graph = self.graph()
        if key not in self._cache:
            self._cache[key] = compute(graph)
        return cast(T, self._cache[key])

    def _links(self, task: Task) -> Graph:
        graph = self.graph()
        if task not in graph.tasks:
            raise ValueError(f"Task {task} was not found in Flow {self}")
        return graph

    def __iter__(self) -> Iterator[Task]:
        yield from self.sorted_tasks()

    def get_tasks(
        self,
        name: str | None = None,
        slug: str | None = None,
        tags: Iterable[str] | None = None,
        task_type: type | None = None,
    ) -> list[Task]:
        """The tasks that meet all of the given conditions, in the order they were added.

        Args:
            name: Name of the task.
            slug: Slug that the task itself has.
            tags: Tags that it must have, all of them.
            task_type: Class that it must be of.

        Returns:
            The tasks.
        """
        wanted = None if tags is None else set(tags)
        return [
            task
            for task in self.graph().upstream
            if (name is None or task.name == name)
            and (slug is None or task.slug == slug)
            and (wanted is None or task.tags >= wanted)
            and (task_type is None or isinstance(task, task_type))
        ]

    def root_tasks(self) -> set[Task]:
        """The tasks with nothing upstream, where a run begins."""
        return self._cached(
            ("root_tasks", ()), lambda graph: {t for t in graph.tasks if not graph.upstream[t]}
        )

    def terminal_tasks(self) -> set[Task]:
        """The tasks with nothing downstream."""
        return self._cached(
            ("terminal_tasks", ()),
            lambda graph: {t for t in graph.tasks if not graph.downstream[t]},
        )

    def parameters(self) -> set[Parameter]:
        """The parameters of the flow."""
        return {task for task in self.tasks if isinstance(task, Parameter)}

    def reference_tasks(self) -> set[Task]:
        """The tasks whose states decide the state of the flow run.

        They are those given to :meth:`set_reference_tasks`, or else the terminal tasks; tasks
        that set up or clean up a resource do not count.
        """
        if self._reference_tasks:
            return set(self._reference_tasks)
        return self._cached(("_default_reference_tasks", ()), _default_reference_tasks)

    def all_upstream_edges(self) -> dict[Task, set[Edge]]:
        """For each task the edges that lead to it."""
        return self._cached(
            ("all_upstream_edges", ()),
            lambda graph: {task: set(links) for task, links in graph.upstream.items()},
        )

    def all_downstream_edges(self) -> dict[Task, set[Edge]]:
        """For each task the edges that leave it."""
        return self._cached(
            ("all_downstream_edges", ()),
            lambda graph: {task: set(links) for task, links in graph.downstream.items()},
        )

    def edges_to(self, task: Task) -> set[Edge]:
        """The edges that lead to a task.

        Raises:
            ValueError: if the task is not in this flow.
        """
        return set(self._links(task).upstream[task])

    def edges_from(self, task: Task) -> set[Edge]:
        """The edges that leave a task.

        Raises:
            ValueError: if the task is not in this flow.
        """
        return set(self._links(task).downstream[task])

    def upstream_tasks(self, task: Task) -> set[Task]:
        """The tasks directly upstream of a task.

        Raises:
            ValueError: if the task is not in this flow.
        """
        return {edge.upstream_task for edge in self._links(task).upstream[task]}

    def downstream_tasks(self, task: Task) -> set[Task]:
        """The tasks directly downstream of a task.

        Raises:
            ValueError: if the task is not in this flow.
        """
        return {edge.downstream_task for edge in self._links(task).downstream[task]}

    def has_dependencies(self, task: Task) -> bool:
        """Whether the task is in this flow and has an edge."""
        graph = self.graph()
        return task in graph.tasks and bool(graph.upstream[task] or graph.downstream[task])

    def validate(self) -> None:
        """Check that the flow can run.

        Raises:
            ValueError: if an edge or a reference task is not of this flow, or there is a cycle.
        """
        self._cache.clear()
        if self.graph().dangling():
            raise ValueError("Some edges refer to tasks not contained in this flow.")
        self.sorted_tasks()
        if not self.reference_tasks() <= self.tasks:
            raise ValueError("Some reference tasks are not contained in this flow.")

    def sorted_tasks(self, root_tasks: Iterable[Task] | None = None) -> tuple[Task, ...]:
        """The tasks in an order in which they can run.

        Args:
            root_tasks: Sort only these and what is downstream of them.

        Returns:
            The tasks, each after those upstream of it, else in the order they were added.

        Raises:
            ValueError: if there is a cycle, or a root task is not in this flow.
        """
        roots = tuple(root_tasks or ())
        return self._cached(
            ("_sorted_tasks", (("root_tasks", roots),)), lambda graph: self._sort(graph, roots)
        )

    def _sort(self, graph: Graph, roots: tuple[Task, ...]) -> tuple[Task, ...]:
        for task in roots:
            self._links(task)
        if roots:
            return graph.sort(graph.reachable(roots))
        return graph.sort(graph.ordered_tasks())


def _default_reference_tasks(graph: Graph) -> set[Task]:
    decided_behind = {
        edge.upstream_task for edge in graph.edges if not edge.downstream_task._cleans_up
    }
    ends = graph.tasks - decided_behind
    return {task for task in ends if not task._manages_resource}
