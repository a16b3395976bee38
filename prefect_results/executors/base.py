"""The port of executors: submit a function call, wait for what was submitted."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Protocol

from prefect_results.logging import get_logger

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterator, Sequence


class Journal(Protocol):
    """What the calls of a flow run have finished; a worker that dies does not take it along.

    It can be pickled and is used where the calls are made.
    """

    def add(self, topic: str, note: tuple[Any, ...]) -> None:
        """Keep a note.

        Args:
            topic: what it is about.
            note: numbers and texts.
        """

    def notes(self, topic: str) -> list[tuple[Any, ...]]:
        """The notes on a topic, in order."""


class Executor:
    """Base class of executors; the interface of Prefect 1.4.1.

    A subclass overrides `submit` and `wait`, and `start` where it needs set-up and tear-down.
    One that can do more says so in the `supports_*` attributes; its futures then have `done()`.

    Attributes:
        logger: the executor's logger.
    """

    logger: logging.Logger

    # Whether `share` sends an object to the workers once, for many calls.
    supports_sharing = False
    # Whether several calls run at the same time, so that small ones are worth being put together,
    # and `first_done` tells which are done.
    supports_batches = False
    # Whether calls are made in other processes, so that what goes there and back is pickled.
    uses_processes = False

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
                `task_index`; `task_number`, the place of the task in the flow), for labels,
                resources and priorities. `instead` is a function that is called where the
                process of `fn` died each time, with the error and the arguments of `fn`; what it
                gives becomes the value. Without one the future has the error.
            **kwargs: keyword arguments.

        Returns:
            A future of this executor.
        """
        raise NotImplementedError()

    def submit_all(
        self,
        fn: Callable[..., Any],
        calls: Sequence[Sequence[Any]],
        extra_contexts: Sequence[dict[str, Any]],
    ) -> list[Any]:
        """Submit many calls of one function; cheaper than one by one where the executor can.

        Args:
            fn: the function to call; see `submit`.
            calls: the positional arguments of each call.
            extra_contexts: what is known about each call; see `submit`. They are of one task.

        Returns:
            A future for each call. If this raises, none was submitted that matters.
        """
        return [
            self.submit(fn, *args, extra_context=extra)
            for args, extra in zip(calls, extra_contexts, strict=True)
        ]

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

    def first_done(self, futures: Sequence[Any], timeout: float | None = None) -> list[Any]:
        """Wait until one of some futures is done.

        Args:
            futures: futures of this executor.
            timeout: how long to wait, in seconds; without limit by default.

        Returns:
            Those that are done; none when the time is over.
        """
        raise NotImplementedError()

    def journal(self) -> Journal | None:
        """Where the calls of this run note what they have finished.

        Returns:
            None where no worker can be lost without the run.
        """
        return None


@contextlib.contextmanager
def ending_on_sigterm() -> Iterator[None]:
    """Let SIGTERM end the block like an exception, so that what it holds is cleaned up.

    Does something in the main thread only, and only where nobody else handles the signal.

    Raises:
        SystemExit: with status 143, when the signal arrives.
    """
    import signal
    import threading

    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
    ):
        yield
        return

    def end(number: int, frame: Any) -> None:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
