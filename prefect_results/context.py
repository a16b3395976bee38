"""The ambient context that a running task reads: a view over one dictionary per thread.

What belongs here: the view, and the fast way to install another dictionary behind it. What does
not: which variables a run puts there (the engine does), and how settings are found
(`prefect_results.configuration`).

Variables can be read as attributes and as items::

    with context(answer=42):
        context.answer, context["answer"], context.get("answer")
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any, TypeVar, cast

from prefect_results.collections import DotDict, as_nested_dict, merge_dicts
from prefect_results.configuration import config, register_config_scope

F = TypeVar("F", bound=Callable[..., Any])


class Deferred:
    """A context variable that is computed when somebody first reads it.

    Args:
        fn: Called once at most, without arguments, whichever copy of the context is read first.
    """

    __slots__ = ("fn", "value")

    def __init__(self, fn: Callable[[], Any]) -> None:
        self.fn: Callable[[], Any] | None = fn
        self.value: Any = None

    def resolve(self) -> Any:
        """Return the value; an error of the function is passed on, and it is called again."""
        fn = self.fn
        if fn is not None:
            self.value = fn()
            self.fn = None
        return self.value


class _ThreadData(threading.local):
    """The dictionary of each thread; a new thread starts from the configuration again."""

    def __init__(self, initial: dict[str, Any]) -> None:
        data = dict(config.get("context", {}))
        data.update(initial)
        overrides = data.get("config")
        data["config"] = merge_dicts(config, overrides) if overrides else config
        self.data = data


class _Scope:
    """What `with context(...)` enters: new variables until the block ends."""

    __slots__ = ("_args", "_context", "_kwargs", "_previous")

    def __init__(self, ctx: Context, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._context = ctx
        self._args = args
        self._kwargs = kwargs

    def __enter__(self) -> Context:
        ctx = self._context
        new = dict(*self._args, **self._kwargs)
        if "config" in new:
            old_config = ctx.get("config", {})
            if new["config"] is not old_config:
                new["config"] = merge_dicts(old_config, new["config"])
        self._previous = ctx.swap({**ctx.current(), **new})
        return ctx

    def __exit__(self, *exc_info: object) -> None:
        self._context.swap(self._previous)

    def __call__(self, fn: F) -> F:
        """Run a function in this scope each time it is called: the decorator form."""
        from functools import wraps

        @wraps(fn)
        def inner(*args: Any, **kwargs: Any) -> Any:
            with _Scope(self._context, self._args, self._kwargs):
                return fn(*args, **kwargs)

        return cast(F, inner)


class Context(DotDict):
    """A mapping with attribute access whose content belongs to the current thread.

    Each thread starts with the `context` section of the configuration, the arguments given here
    and `config`, the configuration itself. Calling the context gives a context manager that adds
    variables and takes every change back at the end; `config` given there is merged into the
    current settings.

    Args:
        *args: What `dict` takes.
        **kwargs: More variables.
    """

    __slots__ = ("_local",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        object.__setattr__(self, "_local", _ThreadData(dict(*args, **kwargs)))

    def current(self) -> dict[str, Any]:
        """Return the dictionary behind the view in this thread, with `Deferred` values as such."""
        data: dict[str, Any] = self._local.data
        return data

    def swap(self, new: dict[str, Any]) -> dict[str, Any]:
        """Install `new` as the content for this thread and return the dictionary it replaces."""
        local = self._local
        previous: dict[str, Any] = local.data
        local.data = new
        return previous

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]
        return self.current()

    def __getitem__(self, key: str) -> Any:
        data = self._local.data
        value = data[key]
        if value.__class__ is Deferred:
            value = data[key] = value.resolve()
        return value

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"'Context' object has no attribute {name!r}") from None

    def __setitem__(self, key: str, value: Any) -> None:
        self._local.data[key] = value

    def __setattr__(self, name: str, value: Any) -> None:
        self._local.data[name] = value

    def __delitem__(self, key: str) -> None:
        del self._local.data[key]

    def __delattr__(self, name: str) -> None:
        try:
            del self._local.data[name]
        except KeyError:
            raise AttributeError(f"'Context' object has no attribute {name!r}") from None

    def __contains__(self, key: object) -> bool:
        return key in self._local.data

    def __iter__(self) -> Iterator[str]:
        return iter(self._local.data)

    def __len__(self) -> int:
        return len(self._local.data)

    def __repr__(self) -> str:
        return "<Context>"

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *(key for key in self._local.data if isinstance(key, str))]

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self.__getstate__()

    def __getstate__(self) -> Any:
        raise TypeError(
            "The context cannot be pickled; it is another one in each process. A function that is "
            "sent elsewhere finds it as `prefect_results.context`."
        )

    def get(self, key: str, default: Any = None) -> Any:
        """Return the variable, or `default` where there is none."""
        data = self._local.data
        value = data.get(key, default)
        if value.__class__ is Deferred:
            value = data[key] = value.resolve()
        return value

    def clear(self) -> None:
        """Remove every variable, `config` too, in this thread."""
        self._local.data.clear()

    def copy(self) -> Context:
        """Return another context with the same variables."""
        return type(self)(self.current())

    def to_dict(self) -> dict[str, Any]:
        """Return the variables as plain nested dictionaries, each computed."""
        return cast("dict[str, Any]", as_nested_dict(dict(self), dct_class=dict))

    def __call__(self, *args: MutableMapping[str, Any], **kwargs: Any) -> _Scope:
        """Return a context manager that adds variables and takes them back at the end."""
        return _Scope(self, args, kwargs)


context = Context()
register_config_scope(lambda settings: context(config=settings))
