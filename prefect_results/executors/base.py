"""The port of executors: submit a function call, wait for what was submitted."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from prefect_results.logging import get_logger

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterator, Sequence


class Executor:
    """Base class of executors; the interface of Prefect 1.4.1.

    A subclass overrides `submit` and `wait`, and `start` where it needs set-up and tear-down.

    Attributes:
        logger: the executor's logger.
    """

    logger: logging.Logger

    # Whether `share` sends an object to the workers once, for many calls.
    supports_sharing = False
    # Whether several calls run at the same time, so that small ones are worth being put together.
    supports_batches = False

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

    def share(self, value: Any) -> Any:
        """Send an object that many calls need to the workers, once.

        Args:
            value: the object.

        Returns:
            What is given as an argument to `submit` in its place.
        """
        raise NotImplementedError()

    def parallelism(self) -> int:
        """How many calls run at the same time."""
        return 1

    def first_done(self, futures: Sequence[Any], timeout: float) -> list[Any]:
        """Wait until one of some futures is done.

        Args:
            futures: futures of this executor.
            timeout: how long to wait, in seconds.

        Returns:
            Those that are done; none when the time is over.
        """
        raise NotImplementedError()
