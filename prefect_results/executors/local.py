"""The executor of one core: each call is made at once, where it is submitted."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from prefect_results.executors.base import Executor, ending_on_sigterm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class LocalExecutor(Executor):
    """Run everything in the calling thread, in order; the default."""

    @contextlib.contextmanager
    def start(self) -> Iterator[None]:
        """Let SIGTERM cancel the flow run, as Ctrl-C does."""
        with ending_on_sigterm():
            yield

    def submit(
        self,
        fn: Callable[..., Any],
        *args: Any,
        extra_context: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> Any:
        """Call `fn(*args, **kwargs)` now and return its value."""
        return fn(*args, **kwargs)

    def wait(self, futures: Any) -> Any:
        """Return `futures`: they are values already."""
        return futures
