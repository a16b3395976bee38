"""Binding tasks into a flow: their arguments, and what runs before and after them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from prefect_results.context import context
from prefect_results.core.annotations import EdgeAnnotation
from prefect_results.core.conversion import as_task
from prefect_results.core.signature import signature_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from prefect_results.core.flow import Flow
    from prefect_results.core.task import Task

T = TypeVar("T", bound="TaskBinding")


class TaskBinding:
    """Mixin of :class:`~prefect_results.core.task.Task`: how it gets into a flow."""

    # Function tasks are called by another name in messages.
    _is_function = False

    if TYPE_CHECKING:
        name: str
        run: Callable[..., Any]
        tags: set[str]

        def copy(self: T, **task_args: Any) -> T: ...

    def bind(
        self: T,
        *args: Any,
        mapped: bool = False,
        upstream_tasks: Iterable[Any] | None = None,
        flow: Flow | None = None,
        **kwargs: Any,
    ) -> T:
        """Bind arguments to this task itself; it can be bound once in a flow.

        Args:
            args: Arguments of ``run``.
            mapped: Whether to map over the arguments that are not ``unmapped``.
            upstream_tasks: Tasks to run before, whose results are not passed.
            flow: The flow; the one in context by default.
            kwargs: Arguments of ``run`` by keyword.

        Returns:
            This task.

        Raises:
            TypeError: if the arguments do not fit ``run``.
            ValueError: if there is no flow.
        """
        arguments = signature_of(self.run).bind(self.run, args, kwargs)
        flow = flow or context.get("flow")
        if not flow:
            called = self.name if self._is_function else f"{type(self).__name__}(...)"
            raise ValueError(
                f"Could not infer an active Flow context while creating edge to {self}. This "
                "often means you called a task outside a `with Flow(...)` block. If you're trying "
                "to run this task outside of a Flow context, you need to call "
                f"`{called}.run(...)`"
            )
        self.set_dependencies(
            flow=flow, upstream_tasks=upstream_tasks, keyword_tasks=arguments, mapped=mapped
        )
        self.tags.update(context.get("tags", ()))
        return self

    def map(
        self: T,
        *args: Any,
        upstream_tasks: Iterable[Any] | None = None,
        flow: Flow | None = None,
        task_args: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> T:
        """Copy this task and map it over the elements of its arguments.

        Args:
            args: What to map over, in the order of ``run``'s arguments; wrap in ``unmapped`` what
                each child gets as a whole.
            upstream_tasks: Tasks whose results are mapped over too, but not passed.
            flow: The flow; the one in context by default.
            task_args: Attributes to set on the copy.
            kwargs: What to map over, by keyword.

        Returns:
            The copy.

        Raises:
            TypeError: if a positional argument cannot be indexed.
            AttributeError: if ``task_args`` has an attribute that does not exist.
        """
        for arg in args:
            if not hasattr(arg, "__getitem__") and not isinstance(arg, EdgeAnnotation):
                raise TypeError(
                    f"Cannot map over unsubscriptable object of type {type(arg)}: "
                    f"{repr(arg)[:10]}..."
                )
        new = self.copy(**{"nout": None, **(task_args or {})})
        return new.bind(*args, mapped=True, upstream_tasks=upstream_tasks, flow=flow, **kwargs)

    def set_dependencies(
        self: T,
        flow: Flow | None = None,
        upstream_tasks: Iterable[object] | None = None,
        downstream_tasks: Iterable[object] | None = None,
        keyword_tasks: Mapping[str, object] | None = None,
        mapped: bool = False,
        validate: bool | None = None,
    ) -> T:
        """Set what runs before and after this task; see :meth:`Flow.set_dependencies`.

        Returns:
            This task.

        Raises:
            ValueError: if there is no flow, neither given nor in context.
        """
        flow = flow or context.get("flow")
        if not flow:
            raise ValueError("No Flow was passed, and could not infer an active Flow context.")
        flow.set_dependencies(
            task=self,
            upstream_tasks=upstream_tasks,
            downstream_tasks=downstream_tasks,
            keyword_tasks=keyword_tasks,
            validate=validate,
            mapped=mapped,
        )
        return self

    def set_upstream(
        self: T,
        task: object,
        flow: Flow | None = None,
        key: str | None = None,
        mapped: bool = False,
    ) -> T:
        """Make ``task`` run before this one.

        Args:
            task: A task, or a value to convert to one.
            flow: The flow; the one in context by default.
            key: Argument of ``run`` that gets its result.
            mapped: Whether to map over its result.

        Returns:
            This task.

        Raises:
            ValueError: if there is no flow, neither given nor in context.
        """
        if key is not None:
            return self.set_dependencies(flow=flow, keyword_tasks={key: task}, mapped=mapped)
        return self.set_dependencies(flow=flow, upstream_tasks=[task], mapped=mapped)

    def set_downstream(
        self: T, task: Any, flow: Flow | None = None, key: str | None = None, mapped: bool = False
    ) -> T:
        """Make ``task`` run after this one.

        Args:
            task: A task, or a value to convert to one.
            flow: The flow; the one in context by default.
            key: Argument of its ``run`` that gets this task's result.
            mapped: Whether it is mapped over this task's result.

        Returns:
            This task.

        Raises:
            ValueError: if there is no flow, neither given nor in context.
        """
        task = as_task(task)
        if key is not None:
            task.set_dependencies(flow=flow, keyword_tasks={key: self}, mapped=mapped)
        else:
            task.set_dependencies(flow=flow, upstream_tasks=[self], mapped=mapped)
        return self

    def pipe(
        _prefect_self,
        _prefect_task: type[EdgeAnnotation] | Task,
        **kwargs: Any,
    ) -> Task:
        """Call another task with this one: ``a.pipe(b, k=1)`` is ``b(a, k=1)``.

        Args:
            _prefect_task: The task to call, or an annotation such as ``unmapped``.
            kwargs: Further arguments of the call.

        Returns:
            What the call returns.

        Raises:
            ValueError: if ``self`` is among the arguments.
        """
        if "self" in kwargs:
            raise ValueError('You cannot use the keyword argument "self" in .pipe.')
        if isinstance(_prefect_task, type) and issubclass(_prefect_task, EdgeAnnotation):
            return as_task(_prefect_task(_prefect_self))
        return _prefect_task(_prefect_self, **kwargs)
