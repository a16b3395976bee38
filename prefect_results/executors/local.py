"""The executor of one core: each call is made at once, where it is submitted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect_results.executors.base import Executor

if TYPE_CHECKING:
    from collections.abc import Callable


class LocalExecutor(Executor):
    """Run everything in the calling thread, in order; the default."""

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
