"""The graph of a flow: its tasks, its edges, who is beside whom, and their order.

Adjacency is kept while tasks and edges are added. The two sets that users see are ordinary sets
to look at; one who changes them behind the flow's back makes the adjacency be built anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from prefect_results.core.edge import Edge
    from prefect_results.core.task import Task

T = TypeVar("T")

# In how many rounds tasks are sorted that were added in an order that nearly fits.
_QUICK_ROUNDS = 3


class WatchedSet(set[T]):
    """A set that remembers whether somebody changed it through its public methods."""

    changed = False

    def copy(self) -> set[T]:
        """A plain set of the same members."""
        return set(self)

    def __repr__(self) -> str:
        return repr(set(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return (WatchedSet, (list(self),))


def _watch(name: str) -> Callable[..., Any]:
    original = getattr(set, name)

    def method(self: WatchedSet[Any], *args: Any) -> Any:
        self.changed = True
        return original(self, *args)

    method.__name__ = name
    method.__doc__ = original.__doc__
    return method


for _name in (
    *("add", "clear", "discard", "pop", "remove", "update", "difference_update"),
    *("intersection_update", "symmetric_difference_update"),
    *("__iand__", "__ior__", "__isub__", "__ixor__"),
):
    setattr(WatchedSet, _name, _watch(_name))


class Graph:
    """Tasks and edges, with the edges of each task at hand.

    Attributes:
        tasks: All tasks.
        edges: All edges.
        upstream: For each task the edges that lead to it, in the order they were added.
        downstream: For each task the edges that leave it, in the order they were added.
    """

    __slots__ = ("downstream", "edges", "tasks", "upstream")

    def __init__(self, tasks: Iterable[Task] = (), edges: Iterable[Edge] = ()) -> None:
        self.tasks: WatchedSet[Task] = WatchedSet(tasks)
        self.edges: WatchedSet[Edge] = WatchedSet()
        self.upstream: dict[Task, dict[Edge, None]] = {task: {} for task in tasks}
        self.downstream: dict[Task, dict[Edge, None]] = {task: {} for task in tasks}
        for edge in edges:
            self._link(edge)

    def add_task(self, task: Task) -> None:
        """Add a task that is not in the graph yet."""
        set.add(self.tasks, task)
        self.upstream[task] = {}
        self.downstream[task] = {}

    def add_edge(self, edge: Edge) -> None:
        """Add an edge whose tasks are in the graph."""
        set.add(self.edges, edge)
        self.upstream[edge.downstream_task][edge] = None
        self.downstream[edge.upstream_task][edge] = None

    def _link(self, edge: Edge) -> None:
        # An edge may lead out of the graph here: validation is what complains about it.
        set.add(self.edges, edge)
        self.upstream.setdefault(edge.downstream_task, {})[edge] = None
        self.downstream.setdefault(edge.upstream_task, {})[edge] = None

    def rebuilt(self, tasks: Iterable[Task], edges: Iterable[Edge]) -> Graph:
        """A graph of these tasks and edges in the order that they have here."""
        tasks, edges = set(tasks), set(edges)
        known_tasks = [task for task in self.upstream if task in tasks]
        known_edges = [edge for edge in self.ordered_edges() if edge in edges]
        return Graph(dict.fromkeys([*known_tasks, *tasks]), dict.fromkeys([*known_edges, *edges]))

    def copy(self) -> Graph:
        """Another graph with the same tasks and edges."""
        new = Graph()
        set.update(new.tasks, self.tasks)
        set.update(new.edges, self.edges)
        new.upstream = {task: links.copy() for task, links in self.upstream.items()}
        new.downstream = {task: links.copy() for task, links in self.downstream.items()}
        return new

    def __reduce__(self) -> tuple[Any, ...]:
        return (Graph, (self.ordered_tasks(), self.ordered_edges()))

    def ordered_tasks(self) -> list[Task]:
        """The tasks in the order they were added."""
        return [task for task in self.upstream if task in self.tasks]

    def ordered_edges(self) -> list[Edge]:
        """The edges, those to one task together."""
        return [edge for links in self.upstream.values() for edge in links]

    def without(self, task: Task) -> Graph:
        """A graph that lacks a task and its edges."""
        tasks = [other for other in self.ordered_tasks() if other is not task]
        return Graph(tasks, [edge for edge in self.ordered_edges() if task not in edge.tasks])

    def dangling(self) -> bool:
        """Whether an edge refers to a task that is not in the graph."""
        return len(self.upstream) > len(self.tasks) or len(self.downstream) > len(self.tasks)

    def reachable(self, roots: Iterable[Task]) -> list[Task]:
        """The roots and all that is downstream of them, in the order they were added."""
        found = set(roots)
        todo = list(found)
        while todo:
            for edge in self.downstream[todo.pop()]:
                if edge.downstream_task not in found:
                    found.add(edge.downstream_task)
                    todo.append(edge.downstream_task)
        return [task for task in self.upstream if task in found]

    def sort(self, tasks: Iterable[Task]) -> tuple[Task, ...]:
        """Sort tasks so that each comes after those upstream of it.

        The order is the one of Prefect 1.4.1, which goes over the tasks again and again and takes
        those with nothing left upstream. Mostly two rounds will do: tasks are added in order, but
        for a parameter or a constant, which is added after the task that it is for.

        Args:
            tasks: The tasks to sort, in the order that decides between equals. Edges from
                other tasks are ignored.

        Returns:
            The sorted tasks.

        Raises:
            ValueError: if there is a cycle.
        """
        left = list(dict.fromkeys(tasks))
        waiting = set(left)
        taken: list[Task] = []
        for _ in range(_QUICK_ROUNDS):
            left = self._take(left, waiting, taken)
            if not left:
                return tuple(taken)
        return (*taken, *self._sort_in_rounds(left))

    def _take(self, tasks: list[Task], waiting: set[Task], taken: list[Task]) -> list[Task]:
        """Move the tasks that need not wait from `waiting` to `taken`; return the others."""
        left = []
        for task in tasks:
            for edge in self.upstream[task]:
                if edge.upstream_task in waiting:
                    left.append(task)
                    break
            else:
                waiting.remove(task)
                taken.append(task)
        return left

    def _sort_in_rounds(self, tasks: list[Task]) -> tuple[Task, ...]:
        """Sort as `sort` says; `rounds` is when a task would be taken, found in one walk."""
        position = {task: at for at, task in enumerate(tasks)}
        waiting: dict[Task, int] = {}
        ready: list[Task] = []
        for task in position:
            count = sum(edge.upstream_task in position for edge in self.upstream[task])
            if count:
                waiting[task] = count
            else:
                ready.append(task)
        rounds = dict.fromkeys(position, 0)
        while ready:
            task = ready.pop()
            here, at = rounds[task], position[task]
            for edge in self.downstream[task]:
                after = edge.downstream_task
                if after not in position:
                    continue
                rounds[after] = max(rounds[after], here if at < position[after] else here + 1)
                waiting[after] -= 1
                if not waiting[after]:
                    del waiting[after]
                    ready.append(after)
        if waiting:
            raise ValueError("Cycle found; flows must be acyclic!")
        return tuple(sorted(position, key=rounds.__getitem__))
