"""Tasks: a unit of work, how often and when it is tried, and what is kept of its result.

Here belongs the description of a task, and copying it. How tasks are bound into a flow is in
``core.binding``, their operators in ``core.operators``; what happens when one runs is the engine's.
"""

from __future__ import annotations

import copy
import enum
import warnings
from datetime import timedelta
from functools import wraps
from typing import TYPE_CHECKING

from prefect_results import triggers
from prefect_results.context import context
from prefect_results.core import conversion
from prefect_results.core.operators import TaskOperators, register_operators
from prefect_results.core.options import TaskOptions
from prefect_results.core.signature import (
    infer_nout,
    signature_of,
    validate_run_signature,
)
from prefect_results.logging import get_logger

if TYPE_CHECKING:
    import inspect
    from collections.abc import Callable, Iterable
    from typing import Any

    from prefect_results.caching.isolation import IsolationLevel
    from prefect_results.core.flow import Flow
    from prefect_results.results import Result

__all__ = ["NoDefault", "Task", "TaskMetaclass", "register_operators"]

# The legacy name, which users' code imports.
_validate_run_signature = validate_run_signature
_infer_run_nout = infer_nout


class NoDefault(enum.Enum):
    """Says that no default was given, where None would be one."""

    value = "no_default"

    def __repr__(self) -> str:
        return "<no default>"


class TaskMetaclass(type):
    """Checks task classes: ``run`` can be called by keyword, ``__init__`` is given no task."""

    def __new__(mcs, name: str, parents: tuple[type, ...], methods: dict[str, Any]) -> Any:
        if "run" in methods:
            validate_run_signature(methods["run"])
        if "__init__" in methods:
            methods = {**methods, "__init__": _warning_about_tasks(methods["__init__"])}
        return type.__new__(mcs, name, parents, methods)

    @property
    def _reserved_attributes(cls) -> tuple[str, ...]:
        """The attributes that ``Task`` sets itself, sorted."""
        return RESERVED_ATTRIBUTES


def _warning_about_tasks(init: Callable[..., None]) -> Callable[..., None]:
    @wraps(init)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        for value in (*args, *kwargs.values()):
            if isinstance(value, Task):
                cls = type(self).__name__
                warnings.warn(
                    f"{cls} was made with a task as an argument, which stays a task and is no "
                    "input. Make it with settings only, and call it with the tasks that it is to "
                    f"get values of: `{cls}(...)(task)`.",
                    stacklevel=2,
                )
                break
        init(self, *args, **kwargs)

    return __init__


class instance_property:
    """Like property, but only on instances: the class keeps the signature of its ``__init__``."""

    def __init__(self, func: Callable[[Any], Any]) -> None:
        self.func = func

    def __get__(self, obj: Any, cls: Any) -> Any:
        if obj is None:
            raise AttributeError
        return self.func(obj)


class Task(TaskOptions, TaskOperators, metaclass=TaskMetaclass):
    """A unit of work in a flow.

    Inherit from it and implement ``run``, or use the :func:`~prefect_results.core.function.task`
    decorator. Calling a task inside ``with Flow(...)`` makes a copy and binds arguments to it.

    Args:
        name: Name; that of the class by default.
        slug: Identifier in the flow; made from name and tags when the task joins a flow.
        tags: Labels; those of the ``tags(...)`` context are added.
        max_retries: How often to try again; the configuration's ``tasks.defaults`` by default.
        retry_delay: How long to wait before trying again. Required if ``max_retries > 0``.
        retry_on: Exception type or types to retry on; all by default.
        timeout: Seconds (int or timedelta) that one try may take.
        trigger: Decides from the upstream states whether to run; ``all_successful`` by default.
        skip_on_upstream_skip: Whether to skip if a task directly upstream was skipped.
        cache_for: How long the output is valid for later runs.
        cache_validator: Decides whether a cached output is valid; ``duration_only`` if
            ``cache_for`` is given, else ``never_use``.
        cache_key: Name under which the cache is shared; the task's name by default.
        checkpoint: Whether to write the result when the task succeeds; None lets the flow and
            the configuration decide.
        state_handlers: ``handler(task, old_state, new_state) -> State | None``, called in order
            on each change of state.
        on_failure: ``fn(task, state)``, called when the task fails.
        log_stdout: Whether to log what ``run`` prints.
        result: How and where the output is kept.
        target: Location (template or callable) of the output; if something is there, the task
            does not run.
        task_run_name: Template or callable that names a run when there is a backend.
        nout: Number of outputs of a task that returns several; inferred from the annotation.
        cache_isolation_level: "serializable": runs that want the same target or cached value at
            once compute it once; "read_committed": each does. Configured by default.

    Raises:
        TypeError: if ``tags`` is a string, ``timeout`` no integer, ``retry_on`` no exception
            type, ``state_handlers`` no sequence, or ``run`` has positional-only arguments.
        ValueError: if ``retry_delay``, ``max_retries`` and ``retry_on`` contradict each other.
    """

    logger: Any

    # Tasks that set up or clean up a resource do not decide the state of a flow run.
    _manages_resource = False
    _cleans_up = False

    def __init__(
        self,
        name: str | None = None,
        slug: str | None = None,
        tags: Iterable[str] | None = None,
        max_retries: int | None = None,
        retry_delay: timedelta | None = None,
        retry_on: type[Exception] | Iterable[type[Exception]] | None = None,
        timeout: int | timedelta | None = None,
        trigger: Callable[..., bool] | None = None,
        skip_on_upstream_skip: bool = True,
        cache_for: timedelta | None = None,
        cache_validator: Callable[..., bool] | None = None,
        cache_key: str | None = None,
        checkpoint: bool | None = None,
        state_handlers: list[Callable[..., Any]] | None = None,
        on_failure: Callable[..., Any] | None = None,
        log_stdout: bool = False,
        result: Result | None = None,
        target: str | Callable[..., str] | None = None,
        task_run_name: str | Callable[..., str] | None = None,
        nout: int | None = None,
        cache_isolation_level: IsolationLevel | str | None = None,
    ) -> None:
        cls = type(self)
        if cls is not Task:
            self._warn_about_reserved_attributes()
        self.name = name or cls.__name__
        self.slug = slug
        if positional := signature_of(self.run).positional_only:
            raise TypeError(
                "Found positional-only parameters in the function signature for task "
                f"{self.name}: {list(positional)}. Prefect passes arguments using keywords and "
                "does not support positional-only parameters."
            )
        self.logger = get_logger(self.name)
        # A string would be taken for a set of letters.
        if isinstance(tags, str):
            raise TypeError("Tags should be a set of tags, not a string.")
        ambient = context.current()
        self.tags = {*(tags or ()), *ambient.get("tags", ())}
        self._set_retries(max_retries, retry_delay, retry_on)
        self._set_timeout(timeout)
        self.trigger = trigger or triggers.all_successful
        self.skip_on_upstream_skip = skip_on_upstream_skip
        self._set_caching(cache_for, cache_validator, cache_key, cache_isolation_level)
        self.checkpoint = checkpoint
        self.result = result
        self.target = target
        self._point_result_at_target()
        self.task_run_name = task_run_name
        self._set_state_handlers(state_handlers, on_failure)
        self.auto_generated = False
        self.log_stdout = log_stdout
        self.nout = infer_nout(self.run) if nout is None else nout
        tracker = ambient.get("_unused_task_tracker")
        if tracker is not None and not conversion.is_constant_task(self):
            tracker.add(self)

    def _warn_about_reserved_attributes(self) -> None:
        own = self.__dict__
        cls = type(self)
        for attr in RESERVED_ATTRIBUTES:
            if attr in own or hasattr(cls, attr):
                warnings.warn(
                    f"`{cls.__name__}` sets a `{attr}` attribute, which will be overwritten by "
                    "`prefect.Task`. Please rename this attribute to avoid this issue.",
                    stacklevel=3,
                )

    def __repr__(self) -> str:
        return f"<Task: {self.name}>"

    def run(self) -> Any:
        """What the task does; subclasses implement it.

        It returns the task's output. Raising an exception fails the run, raising one of the
        signals puts it in the state that the signal names. ``*args`` and the argument names
        ``upstream_tasks``, ``mapped``, ``task_args`` and ``flow`` are not allowed.
        """

    def copy(self, **task_args: Any) -> Task:
        """Copy this task, without its place in any flow.

        Args:
            task_args: Attributes to set on the copy. Tags are added to those there are.

        Returns:
            The copy. If the task has a slug of its own, the copy's ends in ``-copy``.

        Raises:
            AttributeError: if an attribute does not exist.
        """
        ambient = context.current()
        flow = ambient.get("flow")
        if flow is not None and flow.has_dependencies(self):
            warnings.warn(
                "You are making a copy of a task that has dependencies on or to other tasks in "
                "the active flow context. The copy will not retain those dependencies.",
                stacklevel=2,
            )
        new = copy.copy(self) if _copies_specially(type(self)) else _copy_plainly(self)
        if new.slug and "slug" not in task_args:
            task_args["slug"] = new.slug + "-copy"
        for attr, value in task_args.items():
            if not hasattr(new, attr):
                raise AttributeError(f"{self} does not have {attr} as an attribute")
            setattr(new, attr, value)
        if new.target and new.result:
            new._point_result_at_target()
        new.tags = {*self.tags, *new.tags, *ambient.get("tags", ())}
        tracker = ambient.get("_unused_task_tracker")
        if tracker is not None:
            tracker.discard(self)
            if not conversion.is_constant_task(new):
                tracker.add(new)
        return new

    @instance_property
    def __signature__(self) -> inspect.Signature:
        """The signature of a call: ``run``'s arguments and those of ``__call__``."""
        from prefect_results.core.introspection import call_signature

        return call_signature(self)

    def __call__(
        self,
        *args: Any,
        mapped: bool = False,
        task_args: dict[str, Any] | None = None,
        upstream_tasks: Iterable[Any] | None = None,
        flow: Flow | None = None,
        **kwargs: Any,
    ) -> Task:
        """Copy this task and bind arguments to the copy.

        Args:
            args: Arguments of ``run``: tasks, constants, collections of both.
            mapped: Whether to map over the arguments that are not ``unmapped``.
            task_args: Attributes to set on the copy.
            upstream_tasks: Tasks to run before, whose results are not passed.
            flow: The flow; the one in context by default.
            kwargs: Arguments of ``run`` by keyword.

        Returns:
            The copy.
        """
        new = self.copy(**(task_args or {}))
        if positional := signature_of(new.run).positional_only:
            raise TypeError(
                "Prefect passes arguments to task as keyword arguments. Positional-Only "
                f"arguments found : {list(positional)}"
            )
        new.bind(*args, mapped=mapped, upstream_tasks=upstream_tasks, flow=flow, **kwargs)
        return new

    def inputs(self) -> dict[str, dict[str, Any]]:
        """The arguments of ``run``: ``{name: {"type", "default", "required"}}``."""
        from prefect_results.core.introspection import inputs_of

        return inputs_of(self.run)

    def outputs(self) -> Any:
        """The return annotation of ``run``: ``typing.Any`` without one, None without a ``run``."""
        if getattr(self.run, "__func__", None) is Task.run:
            return None
        from prefect_results.core.introspection import outputs_of

        return outputs_of(self.run)

    def serialize(self) -> dict[str, Any]:
        """This task as a JSON-compatible dict, in the form of Prefect 1.4.1."""
        from prefect_results.core.schemas import TaskSchema

        serialized: dict[str, Any] = TaskSchema().dump(self)
        return serialized


conversion.registered.task = Task

RESERVED_ATTRIBUTES = (
    *("auto_generated", "cache_for", "cache_key", "cache_validator", "checkpoint", "log_stdout"),
    *("logger", "max_retries", "name", "nout", "result", "retry_delay", "retry_on"),
    *("skip_on_upstream_skip", "slug", "state_handlers", "tags", "target", "task_run_name"),
    *("timeout", "trigger"),
)

_special: dict[type, bool] = {}


def _copies_specially(cls: type) -> bool:
    """Whether instances of ``cls`` are more than their ``__dict__``."""
    try:
        return _special[cls]
    except KeyError:
        plain = not any(
            name in base.__dict__
            for base in cls.__mro__[:-1]
            for name in ("__copy__", "__reduce__", "__reduce_ex__", "__getstate__", "__setstate__")
        ) and not any(base.__dict__.get("__slots__") for base in cls.__mro__[:-1])
        _special[cls] = not plain
        return not plain


def _copy_plainly(task: Task) -> Task:
    new: Task = object.__new__(type(task))
    new.__dict__.update(task.__dict__)
    return new
