"""The port of executors: submit a function call, wait for what was submitted."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from prefect_results.logging import get_logger

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterator


class Executor:
    """Base class of executors; the interface of Prefect 1.4.1.

    A subclass overrides `submit` and `wait`, and `start` where it needs set-up and tear-down.

    Attributes:
        logger: the executor's logger.
    """

    logger: logging.Logger

    def __init__(self) -> None:
        self.logger = get_logger(type(self).__name__)

    def __repr__(self) -> str:
        return f"<Executor: {type(self).__name__}>"

    @contextlib.contextmanager
    def start(self) -> Iterator[None]:
        """Hold what execution needs (a pool, a connection) while a flow run lasts."""
        yield

    def submit(
        self,
        fn: Callable[..., Any],
        *args: Any,
        extra_context: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> Any:
        """Submit the call `fn(*args, **kwargs)`.

        Args:
            fn: the function to call. Arguments that are futures of this executor, also inside
                lists and dictionaries, are resolved before the call.
            *args: positional arguments.
            extra_context: what is known about the call (`task_name`, `task_tags`,
                `task_index`), for labels and resources.
            **kwargs: keyword arguments.

        Returns:
            A future of this executor.
        """
        raise NotImplementedError()

    def wait(self, futures: Any) -> Any:
        """Resolve futures, also inside lists and dictionaries; blocks until they are done.

        Args:
            futures: one future, or a collection of them.

        Returns:
            The same shape with values in place of futures.
        """
        raise NotImplementedError()
