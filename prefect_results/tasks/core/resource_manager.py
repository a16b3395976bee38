"""Blocks of tasks around a resource that is set up before them and cleaned up after them.

What belongs here: the `resource_manager` decorator and the tasks it makes. What does not: how
tasks that are made inside the block find it (`Flow.add_task` asks the context for `resource`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, overload

from prefect_results import signals
from prefect_results.context import context
from prefect_results.core import Flow, Task

if TYPE_CHECKING:
    from prefect_results.core import Edge
    from prefect_results.states import State

__all__ = ["ResourceManager", "resource_manager"]


class ResourceInitTask(Task):
    """Makes the object that manages the resource.

    Args:
        resource_class: The class, or anything that can be called, with the arguments of the block.
        **kwargs: Options of `Task`.
    """

    _manages_resource = True

    def __init__(self, resource_class: Callable[..., Any], **kwargs: Any) -> None:
        # before the options are checked: they look at the signature of `run`
        self.run = resource_class  # type: ignore[method-assign]
        super().__init__(**kwargs)
        self.run = resource_class  # type: ignore[method-assign]


class ResourceSetupTask(Task):
    """Sets the resource up; once more whenever a flow run goes on from earlier states."""

    reruns_when_finished = True

    def run(self, mgr: Any) -> Any:  # type: ignore[override]
        """Return what `mgr.setup()` does."""
        return mgr.setup()


class ResourceCleanupTask(Task):
    """Cleans the resource up; once more whenever a flow run goes on from earlier states."""

    _manages_resource = True
    _cleans_up = True
    reruns_when_finished = True

    def run(self, mgr: Any, resource: Any = None) -> None:  # type: ignore[override]
        """Call `mgr.cleanup(resource)`."""
        mgr.cleanup(resource)


_STAGES = {"mgr": "Resource manager init", "resource": "Resource manager setup"}


def resource_cleanup_trigger(upstream_states: Mapping[Edge, State]) -> bool:
    """Let the cleanup run when all is over and there is something to clean up.

    Args:
        upstream_states: The upstream states by edge.

    Raises:
        TRIGGERFAIL: An upstream task is not finished.
        SKIP: The resource was never made or set up.
    """
    by_key: dict[str | None, State] = {}
    for edge, state in upstream_states.items():
        if not state.is_finished():
            raise signals.TRIGGERFAIL(
                "Trigger was 'resource_cleanup_trigger' but some of the upstream tasks were not "
                "finished."
            )
        by_key[edge.key] = state
    # edges come in any order: the earlier stage is the reason of the later one
    for key, stage in _STAGES.items():
        reached = by_key.get(key)
        if reached is not None and reached.is_skipped():
            raise signals.SKIP(f"{stage} skipped")
        if reached is not None and not reached.is_successful():
            raise signals.SKIP(f"{stage} failed")
    return True


class ResourceContext:
    """An open block; `with` gives the task whose result is the resource.

    Args:
        init_task: Makes the manager.
        setup_task: Sets the resource up; None where the manager has no `setup`.
        cleanup_task: Cleans it up.
        flow: The flow they are all in.
    """

    def __init__(
        self, init_task: Task, setup_task: Task | None, cleanup_task: Task, flow: Flow
    ) -> None:
        self.init_task = init_task
        self.setup_task = setup_task
        self.cleanup_task = cleanup_task
        self._flow = flow
        # a dict, so that edges are made in the order of the flow's definition
        self._tasks: dict[Task, None] = {}
        self._outer: ResourceContext | None = None

    def add_task(self, task: Task, flow: Flow) -> None:
        """Make a task part of this block.

        Raises:
            ValueError: The task is in another flow than the block.
        """
        if self._flow is not flow:
            raise ValueError("Multiple flows cannot be used with the same resource block")
        self._tasks[task] = None

    def __enter__(self) -> Task | None:
        self._outer = context.get("resource")
        context.update(resource=self)
        return self.setup_task

    def __exit__(self, *exc_info: object) -> None:
        if self._outer is None:
            context.pop("resource", None)
        else:
            context.update(resource=self._outer)
        for child in self._tasks:
            self._wrap(child)

    def _wrap(self, child: Task) -> None:
        """Order a task after the setup and before the cleanup, unless another one implies it."""
        flow, setup, cleanup = self._flow, self.setup_task, self.cleanup_task
        before = flow.upstream_tasks(child)
        if setup is not None and setup not in before and self._tasks.keys().isdisjoint(before):
            child.set_upstream(setup, flow=flow)
        after = flow.downstream_tasks(child)
        if cleanup not in after and self._tasks.keys().isdisjoint(after):
            child.set_downstream(cleanup, flow=flow)


class ResourceManager:
    """What the `resource_manager` decorator returns; calling it opens a block.

    Args:
        resource_class: Makes the manager: an object with `setup()`, which may be missing, and
            `cleanup(resource)`.
        name: Name of the resource; that of the class by default.
        init_task_kwargs: Options of the task that makes the manager.
        setup_task_kwargs: Options of the task that calls `setup`.
        cleanup_task_kwargs: Options of the task that calls `cleanup`.
    """

    def __init__(
        self,
        resource_class: Callable[..., Any],
        name: str | None = None,
        init_task_kwargs: dict[str, Any] | None = None,
        setup_task_kwargs: dict[str, Any] | None = None,
        cleanup_task_kwargs: dict[str, Any] | None = None,
    ) -> None:
        self.resource_class = resource_class
        if name is None:
            name = getattr(resource_class, "__name__", "resource")
        self.name = name
        self.init_task_kwargs = {"name": name, **(init_task_kwargs or {})}
        self.setup_task_kwargs = {
            "name": f"{name}.setup",
            "checkpoint": False,
            **(setup_task_kwargs or {}),
        }
        self.cleanup_task_kwargs = {
            "name": f"{name}.cleanup",
            "trigger": resource_cleanup_trigger,
            "skip_on_upstream_skip": False,
            "checkpoint": False,
            **(cleanup_task_kwargs or {}),
        }

    def __call__(self, *args: Any, flow: Flow | None = None, **kwargs: Any) -> ResourceContext:
        """Add the tasks of a block to a flow.

        Args:
            *args: Arguments of the resource class: tasks and values.
            flow: The flow; the one in context by default.
            **kwargs: More arguments.

        Raises:
            ValueError: There is no flow.
        """
        if flow is None:
            flow = context.get("flow")
            if flow is None:
                raise ValueError("Could not infer an active Flow context.")
        init = ResourceInitTask(self.resource_class, **self.init_task_kwargs)
        init_task = init(*args, flow=flow, **kwargs)
        setup_task: Task | None = None
        cleanup_args = [init_task]
        if hasattr(self.resource_class, "setup"):
            setup_task = ResourceSetupTask(**self.setup_task_kwargs)(init_task, flow=flow)
            cleanup_args.append(setup_task)
        cleanup_task = ResourceCleanupTask(**self.cleanup_task_kwargs)(*cleanup_args, flow=flow)
        return ResourceContext(init_task, setup_task, cleanup_task, flow)


@overload
def resource_manager(
    resource_class: Callable[..., Any],
    *,
    name: str | None = ...,
    init_task_kwargs: dict[str, Any] | None = ...,
    setup_task_kwargs: dict[str, Any] | None = ...,
    cleanup_task_kwargs: dict[str, Any] | None = ...,
) -> ResourceManager: ...


@overload
def resource_manager(
    *,
    name: str | None = ...,
    init_task_kwargs: dict[str, Any] | None = ...,
    setup_task_kwargs: dict[str, Any] | None = ...,
    cleanup_task_kwargs: dict[str, Any] | None = ...,
) -> Callable[[Callable[..., Any]], ResourceManager]: ...


def resource_manager(
    resource_class: Callable[..., Any] | None = None,
    *,
    name: str | None = None,
    init_task_kwargs: dict[str, Any] | None = None,
    setup_task_kwargs: dict[str, Any] | None = None,
    cleanup_task_kwargs: dict[str, Any] | None = None,
) -> ResourceManager | Callable[[Callable[..., Any]], ResourceManager]:
    """Make a class with `setup` and `cleanup` usable as a block in a flow::

        @resource_manager
        class Cluster:
            def __init__(self, size): ...
            def setup(self): return start(self.size)
            def cleanup(self, cluster): cluster.close()

        with Flow("example"):
            with Cluster(size=4) as cluster:
                work(cluster)

    The block starts with a task that calls the class and one that calls `setup`, whose result is
    what the block gives. The task that calls `cleanup` comes after everything in the block and
    runs if `setup` succeeded, whatever became of the rest. Only the tasks inside decide the state
    of the flow run.

    Args:
        resource_class: The decorated class, or a function that makes such an object.
        name: Name of the resource; that of the class by default.
        init_task_kwargs: Options of the task that calls the class.
        setup_task_kwargs: Options of the task that calls `setup`.
        cleanup_task_kwargs: Options of the task that calls `cleanup`.

    Returns:
        A `ResourceManager`, or a decorator that makes one.
    """

    def decorate(resource_class: Callable[..., Any]) -> ResourceManager:
        return ResourceManager(
            resource_class,
            name=name,
            init_task_kwargs=init_task_kwargs,
            setup_task_kwargs=setup_task_kwargs,
            cleanup_task_kwargs=cleanup_task_kwargs,
        )

    return decorate if resource_class is None else decorate(resource_class)
