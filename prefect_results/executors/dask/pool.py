"""A pool of threads or processes whose calls can depend on one another.

A call is handed to the pool when the futures among its arguments are done; of the calls that are
ready, the one with the highest priority goes first.
"""

from __future__ import annotations

import concurrent.futures
import heapq
import itertools
import os
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

Future = concurrent.futures.Future


class Shared:
    """An object that processes read from a file, once each; stands for it in arguments.

    Args:
        value: the object.
        folder: where the file is made.
    """

    __slots__ = ("path",)

    def __init__(self, value: Any, folder: str) -> None:
        import tempfile

        import cloudpickle

        handle, self.path = tempfile.mkstemp(dir=folder)
        with os.fdopen(handle, "wb") as file:
            cloudpickle.dump(value, file)


class Pool:
    """Workers of one flow run.

    Args:
        kind: `threads` or `processes`.
        workers: how many; as many as there are cores by default.
    """

    def __init__(self, kind: str, workers: int | None = None) -> None:
        self.workers = workers or os.cpu_count() or 1
        self._processes = kind == "processes"
        self._lock = threading.Lock()
        self._ready: list[tuple[int, int, Any]] = []
        self._numbers = itertools.count()
        self._free = self.workers
        self._folder: Any = None
        self._executor: Any
        if self._processes:
            import multiprocessing
            import tempfile

            self._folder = tempfile.TemporaryDirectory(prefix="prefect_results-")
            self._executor = concurrent.futures.ProcessPoolExecutor(
                self.workers, mp_context=multiprocessing.get_context("spawn")
            )
        else:
            self._executor = concurrent.futures.ThreadPoolExecutor(self.workers)

    def submit(
        self, fn: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], priority: int
    ) -> Future[Any]:
        """Call `fn(*args, **kwargs)` once the futures among the arguments are done."""
        future: Future[Any] = Future()
        waits_for = set(_futures_in([*args, *kwargs.values()]))
        call = (future, fn, args, kwargs)
        remaining = len(waits_for)
        if not remaining:
            self._make_ready(priority, call)
            return future
        lock = threading.Lock()

        def one_is_done(_: Future[Any]) -> None:
            nonlocal remaining
            with lock:
                remaining -= 1
                last = remaining == 0
            if last:
                self._make_ready(priority, call)

        for other in waits_for:
            other.add_done_callback(one_is_done)
        return future

    def _make_ready(self, priority: int, call: Any) -> None:
        with self._lock:
            heapq.heappush(self._ready, (-priority, next(self._numbers), call))
        self._start_ready()

    def _start_ready(self) -> None:
        while True:
            with self._lock:
                if not self._ready or not self._free:
                    return
                self._free -= 1
                _, _, (future, fn, args, kwargs) = heapq.heappop(self._ready)
            self._run(future, fn, args, kwargs)

    def _run(self, future: Future[Any], fn: Any, args: Any, kwargs: Any) -> None:
        if not future.set_running_or_notify_cancel():
            self._one_is_free()
            return
        try:
            args, kwargs = _resolved(list(args)), _resolved(dict(kwargs))
            if self._processes:
                import cloudpickle

                payload = cloudpickle.dumps((fn, args, kwargs))
                inner = self._executor.submit(_call_pickled, payload)
            else:
                inner = self._executor.submit(_call, fn, args, kwargs)
        except BaseException as exc:
            future.set_exception(exc)
            self._one_is_free()
            return
        inner.add_done_callback(lambda done: self._finish(future, done))

    def _finish(self, future: Future[Any], inner: Future[Any]) -> None:
        # Freed first: what waits for this future may need the place.
        with self._lock:
            self._free += 1
        try:
            error = inner.exception()
            if error is not None:
                future.set_exception(error)
            else:
                value = inner.result()
                if self._processes:
                    import cloudpickle

                    value = cloudpickle.loads(value)
                future.set_result(value)
        except BaseException as exc:
            future.set_exception(exc)
        self._start_ready()

    def _one_is_free(self) -> None:
        with self._lock:
            self._free += 1

    def wait(self, futures: Any) -> Any:
        """The same shape with values in place of futures."""
        return _resolved(futures)

    def first_done(self, futures: Sequence[Future[Any]], timeout: float) -> list[Future[Any]]:
        """Those that are done when the first is, or when the time is over."""
        done, _ = concurrent.futures.wait(
            futures, timeout, return_when=concurrent.futures.FIRST_COMPLETED
        )
        return [future for future in futures if future in done]

    def share(self, value: Any) -> Any:
        """What stands for an object in the arguments of calls."""
        return Shared(value, self._folder.name) if self._processes else value

    def close(self) -> None:
        """Wait for what runs, and end the workers."""
        self._executor.shutdown(wait=True)
        if self._folder is not None:
            self._folder.cleanup()

    def cancel(self) -> None:
        """Drop what has not started, and end the workers; a thread's call cannot be stopped."""
        with self._lock:
            dropped, self._ready = self._ready, []
        for _, _, (future, *_rest) in dropped:
            future.cancel()
        processes = list((getattr(self._executor, "_processes", None) or {}).values())
        self._executor.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()
        if self._folder is not None:
            self._folder.cleanup()


def _futures_in(value: Any) -> Iterator[Future[Any]]:
    if isinstance(value, Future):
        yield value
    elif isinstance(value, (list, tuple, set)):
        for item in value:
            yield from _futures_in(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _futures_in(item)


def _resolved(value: Any) -> Any:
    """The value with each future in it replaced by its result."""
    if isinstance(value, Future):
        return value.result()
    kind = type(value)
    if kind in (list, tuple, set):
        return kind(_resolved(item) for item in value)
    if kind is dict:
        return {key: _resolved(item) for key, item in value.items()}
    return value


def _call(fn: Any, args: Any, kwargs: Any) -> Any:
    return fn(*args, **kwargs)


_received: dict[str, Any] = {}


def _call_pickled(payload: bytes) -> bytes:
    """Make a call in a process of the pool."""
    import cloudpickle

    fn, args, kwargs = cloudpickle.loads(payload)
    args = [_unshared(arg) for arg in args]
    data: bytes = cloudpickle.dumps(fn(*args, **kwargs))
    return data


def _unshared(value: Any) -> Any:
    if not isinstance(value, Shared):
        return value
    if value.path not in _received:
        import pickle

        with open(value.path, "rb") as file:
            _received[value.path] = pickle.load(file)
    return _received[value.path]
