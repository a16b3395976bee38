"""How a thread that runs a task is stopped from outside, without breaking anything but the task.

Python can raise an exception in another thread, at whatever that thread is about to do. Raised
between taking a lock and the `try` that releases it, it would leave the lock taken for ever. So it
is raised only while the thread is inside of what the user wrote, and there only where no lock is
being taken or released by the standard library; otherwise it is noted, and the thread stops when
it is about to enter user code again. What remains is what Ctrl-C may do to any Python program:
user code that takes a lock other than by `with lock:` may be stopped before it can release it.

Not here: which threads are stopped when (see `dask.pool`), time limits (see `engine.timeouts`).
"""

from __future__ import annotations

import contextlib
import linecache
import sys
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FrameType, TracebackType

# Modules whose functions take locks and release them in steps of their own.
_PLUMBING = frozenset(
    (
        "threading",
        "queue",
        "concurrent.futures._base",
        "concurrent.futures.thread",
        "importlib._bootstrap",
        "importlib._bootstrap_external",
    )
)
# The same of this library.
_OURS = tuple(
    f"{__name__.partition('.')[0]}.{room}"
    for room in ("caching", "context", "engine", "executors", "log_lines", "logging", "run_logs")
)
# Functions that do, whosever they are.
_LOCKING = frozenset(
    ("__enter__", "__exit__", "acquire", "release", "_acquireLock", "_releaseLock")
)
# Words of a line that has just taken a lock, maybe, and is not in the `try` yet that releases it.
_TAKES_LOCK = ("acquire", "release")

# The interruptible threads by their identifiers; empty unless a pool of threads is at work.
threads: dict[int, InterruptibleThread] = {}


def may_be_stopped_at(frame: FrameType | None, base: CodeType | None = None) -> bool:
    """Whether an exception that comes from nowhere does no harm where a thread is.

    Args:
        frame: the innermost frame of the thread.
        base: the code that calls user code; there, too, an exception is expected.
    """
    if frame is None:
        return False
    name, module = frame.f_code.co_name, frame.f_globals.get("__name__", "")
    if frame.f_code is not base:
        if name in _LOCKING or module.startswith(_OURS):
            return False
        line = linecache.getline(frame.f_code.co_filename, frame.f_lineno, frame.f_globals)
        if module == "threading" and name == "wait":
            # Whoever waits has let go of the lock, and takes it again whatever happens.
            if "waiter.acquire" not in line:
                return False
        elif module in _PLUMBING or any(word in line for word in _TAKES_LOCK):
            return False
    outer: FrameType | None = frame
    while outer is not None and outer.f_code is not base:
        if outer.f_code.co_name == "__del__":
            # It would be printed and forgotten.
            return False
        outer = outer.f_back
    return True


class InterruptibleThread:
    """The thread that makes one, while it is entered; others may interrupt it.

    An interruption arrives at most once: as a `KeyboardInterrupt` in user code, or, where the
    thread waits for something that can be told to stop, by telling that.
    """

    def __init__(self) -> None:
        import ctypes

        self._ident = threading.get_ident()
        self._ctypes = ctypes
        # Whoever holds it knows that the thread stays where it is: in user code, or not.
        self._lock = threading.Lock()
        self._asked = False
        self._inside = False
        self._stop: Callable[[], Any] | None = None
        self._delivered = False

    def __enter__(self) -> InterruptibleThread:
        threads[self._ident] = self
        return self

    def __exit__(self, *exc_info: object) -> None:
        threads.pop(self._ident, None)

    def check(self) -> None:
        """Stop here, if somebody asked for it.

        Raises:
            KeyboardInterrupt: if so.
        """
        if self._asked:
            raise KeyboardInterrupt

    def call(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call what a user wrote; used by the thread itself.

        Args:
            fn: the function.
            *args: its positional arguments.
            **kwargs: its keyword arguments.

        Raises:
            KeyboardInterrupt: if the thread is interrupted meanwhile, or was before.
        """
        self.check()
        outer = self._inside
        try:
            self._inside = True
            return fn(*args, **kwargs)
        finally:
            with self._lock:
                self._inside = outer
            if self._asked and not outer:
                self._set_exception(None)

    def waiting(self, stop: Callable[[], Any]) -> _Waiting:
        """While the block lasts, an interruption calls `stop` instead of raising anything.

        Args:
            stop: ends what the thread waits for; called in another thread.
        """
        return _Waiting(self, stop)

    def interrupt(self) -> bool:
        """Ask the thread to stop; used by others, again and again until it has.

        Returns:
            Whether it was told; it was not if it is where it must not be disturbed.
        """
        with self._lock:
            self._asked = True
            if self._delivered:
                return True
            if self._stop is not None:
                self._delivered = True
                self._stop()
            elif self._inside:
                self._delivered = self._raise()
            return self._delivered

    def _raise(self) -> bool:
        # From here on this thread has a whole turn, in which the other one stays where it is.
        time.sleep(0)
        frame = sys._current_frames().get(self._ident)
        if not may_be_stopped_at(frame, _CALL):
            return False
        step = frame.f_lasti if frame is not None else None
        self._set_exception(KeyboardInterrupt)
        now = sys._current_frames().get(self._ident)
        if now is frame and now is not None and now.f_lasti == step:
            return True
        # It went on between the look and the exception; where it is now nobody has looked.
        self._set_exception(None)
        return False

    def _set_exception(self, kind: type[BaseException] | None) -> None:
        """Have an exception raised in the thread, or take back one that was not raised yet."""
        py_object = self._ctypes.py_object
        error = py_object() if kind is None else py_object(kind)
        ident = self._ctypes.c_ulong(self._ident)
        self._ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, error)


def interruptible(fn: Callable[..., Any]) -> Callable[..., Any]:
    """What calls a function that a user wrote: the function itself, but in interruptible threads.

    Args:
        fn: the function.
    """
    thread = threads.get(threading.get_ident()) if threads else None
    return fn if thread is None else partial(thread.call, fn)


def stopped_by(stop: Callable[[], Any]) -> contextlib.AbstractContextManager[None]:
    """See `InterruptibleThread.waiting`; does nothing in other threads.

    Args:
        stop: ends what the thread waits for; called in another thread.
    """
    thread = threads.get(threading.get_ident())
    return contextlib.nullcontext() if thread is None else thread.waiting(stop)


class _Waiting:
    """See `InterruptibleThread.waiting`."""

    def __init__(self, thread: InterruptibleThread, stop: Callable[[], Any]) -> None:
        self._thread = thread
        self._stop = stop

    def __enter__(self) -> None:
        thread = self._thread
        with thread._lock:
            thread._stop = self._stop
        thread.check()

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        with self._thread._lock:
            self._thread._stop = None
        if kind is not None:
            self._thread.check()


_CALL = InterruptibleThread.call.__code__
