"""The options of a task: how they are checked and what they default to."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from prefect_results import configuration
from prefect_results.caching import validators
from prefect_results.caching.isolation import isolation_level

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from prefect_results.caching.isolation import IsolationLevel

    Validator = Callable[..., bool]


def callback_factory(
    fn: Callable[[Any, Any], Any], check: Callable[[Any], bool]
) -> Callable[[Any, Any, Any], Any]:
    """Make a state handler of a callback.

    Args:
        fn: ``fn(obj, state)``, called when ``check`` holds; ``obj`` is the task or flow.
        check: ``check(state) -> bool``.

    Returns:
        A handler that returns the new state as it is.
    """

    def state_handler(obj: Any, old_state: Any, new_state: Any) -> Any:
        if check(new_state):
            fn(obj, new_state)
        return new_state

    return state_handler


def is_failed(state: Any) -> bool:
    """Whether a state is a failure: the check of ``on_failure`` callbacks."""
    failed: bool = state.is_failed()
    return failed


def handlers_of(
    state_handlers: Sequence[Callable[..., Any]] | None, on_failure: Callable[..., Any] | None
) -> list[Callable[..., Any]]:
    """The state handlers of a task or flow, the one for failures last.

    Raises:
        TypeError: if ``state_handlers`` is no sequence.
    """
    if state_handlers and not isinstance(state_handlers, Sequence):
        raise TypeError("state_handlers should be iterable.")
    handlers = list(state_handlers or ())
    if on_failure is not None:
        handlers.append(callback_factory(on_failure, check=is_failed))
    return handlers


class TaskOptions:
    """Mixin of :class:`~prefect_results.core.task.Task`: checks its options as it is made."""

    name: str
    slug: str | None
    tags: set[str]
    max_retries: int
    retry_delay: timedelta | None
    retry_on: set[type[Exception]] | None
    timeout: int | None
    trigger: Callable[..., bool]
    skip_on_upstream_skip: bool
    cache_for: timedelta | None
    cache_validator: Validator
    cache_key: str | None
    # An attribute of the tasks that say it only; those pickled by other releases have none.
    cache_isolation_level: IsolationLevel | None = None
    checkpoint: bool | None
    result: Any
    target: str | Callable[..., str] | None
    task_run_name: str | Callable[..., str] | None
    state_handlers: list[Callable[..., Any]]
    auto_generated: bool
    log_stdout: bool
    nout: int | None

    def _set_retries(
        self,
        max_retries: int | None,
        retry_delay: timedelta | None,
        retry_on: type[Exception] | Iterable[type[Exception]] | None,
    ) -> None:
        if max_retries is None or (retry_delay is None and max_retries):
            defaults = configuration.config.tasks.defaults
            if max_retries is None:
                max_retries = defaults.max_retries
            if retry_delay is None and max_retries:
                retry_delay = defaults.retry_delay
        if max_retries > 0 and retry_delay is None:
            raise ValueError(
                "A task with `max_retries` needs a `retry_delay`, a datetime.timedelta."
            )
        if retry_on and not max_retries > 0:
            raise ValueError("A number of `max_retries` must be provided if `retry_on` is set.")
        self.retry_on = _exception_types(retry_on) if retry_on else None
        if retry_delay is not None and not max_retries:
            raise ValueError(
                "A `max_retries` argument greater than 0 must be provided if specifying a retry "
                "delay."
            )
        self.max_retries = max_retries
        self.retry_delay = retry_delay

    def _set_timeout(self, timeout: int | timedelta | None) -> None:
        if timeout is None:
            timeout = configuration.config.tasks.defaults.timeout
        if isinstance(timeout, timedelta):
            if timeout.microseconds > 0:
                warnings.warn(
                    "Task timeouts do not support a sub-second resolution; smaller units will be "
                    "ignored!",
                    stacklevel=4,
                )
            timeout = int(timeout.total_seconds())
        if timeout is not None and not isinstance(timeout, int):
            raise TypeError("Only integer timeouts (representing seconds) are supported.")
        self.timeout = timeout

    def _set_caching(
        self,
        cache_for: timedelta | None,
        cache_validator: Validator | None,
        cache_key: str | None,
        level: IsolationLevel | str | None,
    ) -> None:
        if level is not None:
            self.cache_isolation_level = isolation_level(level)
        if (
            cache_for is None
            and cache_validator is not None
            and cache_validator is not validators.never_use
        ):
            warnings.warn(
                "cache_validator provided without specifying cache expiration (cache_for); this "
                "Task will not be cached.",
                stacklevel=4,
            )
        self.cache_for = cache_for
        self.cache_key = cache_key
        default = validators.never_use if cache_for is None else validators.duration_only
        self.cache_validator = cache_validator or default

    def _point_result_at_target(self) -> None:
        """Make the result's location the target, if there are both."""
        result, target = self.result, self.target
        if not (target and result):
            return
        location = getattr(result, "location", None)
        if location and location != target:
            warnings.warn(
                "Both `result.location` and `target` were provided. The `target` value will be "
                "used.",
                stacklevel=4,
            )
        self.result = result.with_location(target)

    def _set_state_handlers(
        self,
        state_handlers: Sequence[Callable[..., Any]] | None,
        on_failure: Callable[..., Any] | None,
    ) -> None:
        self.state_handlers = handlers_of(state_handlers, on_failure)


def _exception_types(
    retry_on: type[Exception] | Iterable[type[Exception]],
) -> set[type[Exception]]:
    types = set(retry_on) if isinstance(retry_on, Iterable) else {retry_on}
    for value in types:
        if not isinstance(value, type):
            raise TypeError(
                f"Invalid `retry_on` value {value!r}. Expected an exception type but got an "
                f"instance of {type(value).__name__}"
            )
        if not issubclass(value, Exception):
            raise TypeError(f"Invalid `retry_on` value {value!r}. Expected an exception subclass.")
    return types
