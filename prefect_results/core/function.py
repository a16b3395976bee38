"""Tasks made of functions: ``FunctionTask`` and the ``task`` decorator."""

from __future__ import annotations

from functools import update_wrapper, wraps
from typing import TYPE_CHECKING, overload

from prefect_results.core.signature import validate_run_signature
from prefect_results.core.task import Task

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class FunctionTask(Task):
    """A task whose ``run`` is a function.

    Args:
        fn: The function; it may take no ``*args`` and none of the reserved names.
        name: Name of the task; the function's by default.
        kwargs: Options of :class:`~prefect_results.core.task.Task`.

    Raises:
        TypeError: if ``fn`` cannot be called.
        ValueError: if its signature does not fit.
    """

    _is_function = True

    def __init__(self, fn: Callable[..., Any], name: str | None = None, **kwargs: Any) -> None:
        if not callable(fn):
            raise TypeError("`fn` must be callable")
        if name is None:
            name = getattr(fn, "__name__", type(self).__name__)
        validate_run_signature(fn)
        self.run = fn  # type: ignore[method-assign]
        update_wrapper(self, fn)
        super().__init__(name=name, **kwargs)


@overload
def task(fn: Callable[..., Any], /) -> FunctionTask: ...


@overload
def task(**task_init_kwargs: Any) -> Callable[[Callable[..., Any]], FunctionTask]: ...


def task(
    fn: Callable[..., Any] | None = None, **task_init_kwargs: Any
) -> FunctionTask | Callable[[Callable[..., Any]], FunctionTask]:
    """Make a task of a function: ``@task`` or ``@task(max_retries=3, ...)``.

    Args:
        fn: The decorated function.
        task_init_kwargs: Options of :class:`~prefect_results.core.task.Task`.

    Returns:
        The task, or a decorator that makes one.

    Raises:
        ValueError: if the function's signature does not fit.
    """
    if fn is None:
        return lambda fn: FunctionTask(fn=fn, **task_init_kwargs)
    return FunctionTask(fn=fn, **task_init_kwargs)


def defaults_from_attrs(*attr_args: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let arguments of a ``run`` method default to attributes of its task.

    Args:
        attr_args: Names that are both arguments of ``run`` and attributes of the task.

    Returns:
        A decorator for ``run``. An argument that is passed, even as None, wins.
    """

    def decorate(run_method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(run_method)
        def method(self: Any, *args: Any, **kwargs: Any) -> Any:
            for attr in attr_args:
                kwargs.setdefault(attr, getattr(self, attr))
            return run_method(self, *args, **kwargs)

        return method

    return decorate
