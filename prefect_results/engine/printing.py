"""Where the prints of a task go while others, in other threads, print elsewhere."""

from __future__ import annotations

import contextlib
import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class _ByThread:
    """A standard output that is another one for some threads.

    Args:
        default: of all other threads.
    """

    def __init__(self, default: Any) -> None:
        self.default = default
        self.targets: dict[int, Any] = {}

    def write(self, text: str) -> Any:
        """Write to the output of the calling thread."""
        return self._target().write(text)

    def flush(self) -> None:
        """Flush the output of the calling thread."""
        self._target().flush()

    def _target(self) -> Any:
        return self.targets.get(threading.get_ident(), self.default)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target(), name)


_lock = threading.Lock()


@contextlib.contextmanager
def redirected_to(target: Any) -> Iterator[None]:
    """Send what this thread prints somewhere else.

    Args:
        target: has `write` and `flush`.
    """
    thread = threading.get_ident()
    with _lock:
        output: Any = sys.stdout
        if not isinstance(output, _ByThread):
            output = sys.stdout = _ByThread(output)
        previous = output.targets.get(thread)
        output.targets[thread] = target
    try:
        yield
    finally:
        with _lock:
            if previous is not None:
                output.targets[thread] = previous
            else:
                del output.targets[thread]
            current: Any = sys.stdout
            if not output.targets and current is output:
                sys.stdout = output.default
