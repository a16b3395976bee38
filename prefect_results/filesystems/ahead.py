"""Requests that another thread does while this one prepares the next, or uses the last.

Not here: what is requested, and how many at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from prefect_results.context import context


class Ahead:
    """The outcome of a request that another thread does.

    Args:
        request: does it; runs in the context of the caller.
    """

    __slots__ = ("_error", "_result", "_thread")

    def __init__(self, request: Callable[[], Any]) -> None:
        self._error: BaseException | None = None
        self._result: Any = None
        # Its secrets are what the client is chosen by.
        ambient = dict(context.current())

        def run() -> None:
            context.swap(ambient)
            try:
                self._result = request()
            except BaseException as exc:
                self._error = exc

        self._thread = threading.Thread(target=run, name="prefect-results-part", daemon=True)
        self._thread.start()

    def join(self) -> None:
        """Wait for it; never raises."""
        self._thread.join()

    def result(self) -> Any:
        """Wait for it, and return or raise what came of it."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._result
