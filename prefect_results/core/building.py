"""Building a flow: adding tasks and edges, replacing tasks, merging flows."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from prefect_results import configuration
from prefect_results.context import context
from prefect_results.core.conversion import as_task, is_constant, is_constant_task
from prefect_results.core.edge import Edge, is_valid_identifier
from prefect_results.core.parameter import Parameter
from prefect_results.core.questions import FlowQuestions
from prefect_results.core.task import Task
from prefect_results.text import storable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from prefect_results.core.flow import Flow

_MAPPED_INSIDE_MAPPED = "Cannot set `mapped=True` when running from inside a mapped context"


class FlowBuilding(FlowQuestions):
    """Mixin of :class:`~prefect_results.core.flow.Flow`: everything that changes its graph.

    Attributes:
        slugs: The slug of each task: its own, or made from its name and tags.
        constants: For each task the constants among its arguments, by name.
    """

    slugs: dict[Task, str]
    constants: dict[Task, dict[str, Any]]
    _slug_counts: dict[str, int]
    _slugs_in_use: set[str]

    def set_reference_tasks(self, tasks: Iterable[Task]) -> None:
        """Say which tasks decide the state of the flow run.

        Args:
            tasks: Tasks of this flow; none for the default, the terminal tasks.

        Raises:
            ValueError: if a task is not in this flow.
        """
        self._cache.clear()
        reference_tasks = set(tasks)
        if not reference_tasks <= self.tasks:
            raise ValueError("reference tasks must be part of the flow.")
        self._reference_tasks = reference_tasks

    def _taken_slugs(self) -> set[str]:
        if len(self._slugs_in_use) != len(self.slugs):
            self._slugs_in_use = set(self.slugs.values())
        return self._slugs_in_use

    def _generate_task_slug(self, task: Task) -> str:
        """A slug that is not taken, ``name-tags-count``: the same each time the flow is built."""
        prefix = storable("-".join([task.name, *sorted(task.tags)]))
        taken = self._taken_slugs()
        count = self._slug_counts.get(prefix, 0)
        while True:
            count += 1
            slug = f"{prefix}-{count}"
            if slug not in taken:
                self._slug_counts[prefix] = count
                return slug

    def add_task(self, task: Task) -> Task:
        """Add a task to the flow, if it is not there yet.

        Args:
            task: The task. If a ``case`` or a resource block is open, it becomes part of it.

        Returns:
            The task.

        Raises:
            TypeError: if it is no task.
            ValueError: if another task has its slug.
        """
        if not isinstance(task, Task):
            raise TypeError(f"Tasks must be Task instances (received {type(task)})")
        if task in self._graph.tasks:
            return task
        slug = storable(task.slug or "") or self._generate_task_slug(task)
        if slug in self._taken_slugs():
            raise ValueError(f'A task with the slug "{slug}" already exists in this flow.')
        self.slugs[task] = slug
        self._slugs_in_use.add(slug)
        self.graph().add_task(task)
        if self._cache:
            self._cache.clear()
        # Parameters and constants stay roots; anything else joins the blocks that are open.
        ambient = context.current()
        for name in ("case", "resource"):
            block = ambient.get(name)
            if block is not None and not isinstance(task, Parameter) and not is_constant_task(task):
                block.add_task(task, self)
        return task

    def add_edge(
        self,
        upstream_task: Any,
        downstream_task: Any,
        key: str | None = None,
        mapped: bool = False,
        flattened: bool = False,
        validate: bool | None = None,
    ) -> Edge:
        """Add an edge, and its tasks if they are not there yet.

        An unmapped constant under a key becomes no task: it is kept in ``constants``.

        Args:
            upstream_task: The task that runs first, or a value to convert to one.
            downstream_task: The task that runs afterwards.
            key: Argument of its ``run`` that gets the upstream result.
            mapped: Whether it is mapped over the upstream result.
            flattened: Whether the upstream result is flattened first.
            validate: Whether to check the flow; the configuration's
                ``flows.eager_edge_validation`` by default.

        Returns:
            The edge.

        Raises:
            ValueError: if the downstream task is a parameter, its argument has a value already,
                there is a cycle, or a mapped edge is added inside ``apply_map``.
            TypeError: if its ``run`` has no such argument.
        """
        if validate is None:
            validate = bool(configuration.config.flows.eager_edge_validation)
        if mapped and context.get("mapped", False):
            raise ValueError(_MAPPED_INSIDE_MAPPED)
        if isinstance(downstream_task, Parameter):
            raise ValueError(
                f"A parameter, such as {downstream_task.name!r}, cannot depend on other tasks."
            )
        edge = Edge(
            upstream_task=upstream_task,
            downstream_task=downstream_task,
            key=key,
            mapped=mapped,
            flattened=flattened,
            flow=self,  # type: ignore[arg-type]
        )
        up, down = edge.upstream_task, edge.downstream_task
        if key and not edge.mapped and not edge.flattened and is_constant_task(up):
            self.constants[down][key] = up.value  # type: ignore[attr-defined]
            self.add_task(down)
            return edge
        self.add_task(up)
        self.add_task(down)
        self.graph().add_edge(edge)
        if self._cache:
            self._cache.clear()
        if validate:
            self._validate_edge(edge)
        return edge

    def _validate_edge(self, edge: Edge) -> None:
        key, down = edge.key, edge.downstream_task
        if key is not None:
            links = self.graph().upstream[down]
            if any(other.key == key and other is not edge for other in links):
                raise ValueError(
                    f'Argument "{key}" for task {down} has already been assigned in this flow. If '
                    "you are trying to call the task again with new arguments, call Task.copy() "
                    "before adding the result to this flow."
                )
            import inspect

            keys = {other.key: None for other in links if other.key is not None}
            inspect.signature(down.run).bind_partial(**keys)
        self.validate()

    def chain(self, *tasks: Task, validate: bool | None = None) -> list[Edge]:
        """Make tasks run one after the other.

        Args:
            tasks: The tasks, in order.
            validate: Whether to check the flow, as for :meth:`add_edge`.

        Returns:
            The edges that were added.
        """
        return [
            self.add_edge(upstream_task=up, downstream_task=down, validate=validate)
            for up, down in pairwise(tasks)
        ]

    def set_dependencies(
        self,
        task: Any,
        upstream_tasks: Iterable[Any] | None = None,
        downstream_tasks: Iterable[Any] | None = None,
        keyword_tasks: Mapping[str, Any] | None = None,
        mapped: bool = False,
        validate: bool | None = None,
    ) -> None:
        """Add a task and set what runs before and after it.

        Anything that is no task is converted to one.

        Args:
            task: The task.
            upstream_tasks: What runs before it.
            downstream_tasks: What runs after it.
            keyword_tasks: Values and tasks for the arguments of its ``run``.
            mapped: Whether to map over what is upstream, unless ``unmapped`` says no.
            validate: Whether to check the flow, as for :meth:`add_edge`.

        Raises:
            ValueError: as :meth:`add_edge` does.
        """
        if mapped and context.get("mapped", False):
            raise ValueError(_MAPPED_INSIDE_MAPPED)
        task = self.add_task(as_task(task, flow=self))  # type: ignore[arg-type]
        for other in upstream_tasks or ():
            self.add_edge(
                upstream_task=other, downstream_task=task, mapped=mapped, validate=validate
            )
        for other in downstream_tasks or ():
            self.add_edge(upstream_task=task, downstream_task=other, validate=validate)
        for key, value in (keyword_tasks or {}).items():
            if (
                not mapped
                and not isinstance(task, Parameter)
                and is_constant(value)
                and isinstance(key, str)
                and is_valid_identifier(key)
            ):
                # What add_edge would do with it, without a task made and thrown away.
                self.constants[task][key] = value
                continue
            self.add_edge(
                upstream_task=value,
                downstream_task=task,
                key=key,
                mapped=mapped,
                validate=validate,
            )

    def replace(self, old: Task, new: Any, validate: bool = True) -> None:
        """Put a task in the place of another one.

        Args:
            old: The task to remove. Its constant arguments go to the new task.
            new: What takes its place; converted to a task if it is none.
            validate: Whether to check the flow afterwards.

        Raises:
            ValueError: if ``old`` is not in this flow.
        """
        if old not in self.tasks:
            raise ValueError(f"Task {old} was not found in Flow {self}")
        new = as_task(new, flow=self)  # type: ignore[arg-type]
        graph = self.graph()
        affected = list({**graph.upstream[old], **graph.downstream[old]})
        self.slugs.pop(old)
        self._slugs_in_use = set(self.slugs.values())
        references = self._reference_tasks
        self._graph = graph.without(old)
        self._cache.clear()
        self.add_task(new)
        for edge in affected:
            self.add_edge(
                upstream_task=new if edge.upstream_task is old else edge.upstream_task,
                downstream_task=new if edge.downstream_task is old else edge.downstream_task,
                key=edge.key,
                mapped=edge.mapped,
                flattened=edge.flattened,
                validate=False,
            )
        if old in self.constants:
            constants = self.constants.pop(old)
            self.constants[new] = {**constants, **self.constants.get(new, {})}
        if references:
            self.set_reference_tasks({new if task is old else task for task in references})
        if validate:
            self.validate()

    def update(
        self,
        flow: Flow,
        merge_parameters: bool = False,
        validate: bool | None = None,
        merge_reference_tasks: bool = False,
    ) -> None:
        """Add the tasks, edges and constants of another flow.

        Args:
            flow: The other flow.
            merge_parameters: Whether a parameter of the other flow replaces the one of the same
                name here; the flow is then checked.
            validate: Whether to check the flow, as for :meth:`add_edge`.
            merge_reference_tasks: Whether its reference tasks are added to those here.
        """
        if merge_parameters:
            validate = True
            theirs = {parameter.name: parameter for parameter in flow.parameters()}
            for parameter in self.parameters():
                if parameter.name in theirs:
                    self.replace(parameter, theirs[parameter.name])
        graph = flow.graph()
        for task in graph.ordered_tasks():
            self.add_task(task)
        for edge in graph.ordered_edges():
            if edge not in self.edges:
                self.add_edge(
                    upstream_task=edge.upstream_task,
                    downstream_task=edge.downstream_task,
                    key=edge.key,
                    mapped=edge.mapped,
                    flattened=edge.flattened,
                    validate=validate,
                )
        if merge_reference_tasks:
            self.set_reference_tasks(self.reference_tasks() | flow.reference_tasks())
        for task, constants in flow.constants.items():
            self.constants[task] = {**self.constants.get(task, {}), **constants}
