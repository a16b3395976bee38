"""A pool of threads or processes whose calls can depend on one another.

A call is made when the futures among its arguments are done; of the calls that are ready, the one
with the highest priority goes first. A process that dies takes its one call with it, which is
made again.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import heapq
import itertools
import os
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

from prefect_results.exceptions import SerializationError
from prefect_results.executors.dask.shared import Shared
from prefect_results.executors.interrupts import InterruptibleThread
from prefect_results.executors.process import CallProcess, Pickled, ProcessLost
from prefect_results.logging import get_logger
from prefect_results.pickling import dumps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

Future = concurrent.futures.Future

# How often a call is made again whose process died.
RESTARTS = 3
# How long what runs may take to stop when the pool is cancelled, in seconds.
PATIENCE = 1.0


class Call(NamedTuple):
    """A call that waits, or is made."""

    future: Future[Any]
    fn: Callable[..., Any]
    args: Sequence[Any]
    kwargs: Mapping[str, Any]
    priority: int
    label: str
    instead: Callable[..., Any] | None = None
    losses: int = 0


class Pool:
    """Workers of one flow run.

    Args:
        kind: `threads` or `processes`.
        workers: how many; as many as there are cores by default.

    Attributes:
        workers: how many there are.
        folder: where files for the processes lie; None for threads.
    """

    def __init__(self, kind: str, workers: int | None = None) -> None:
        self.workers = workers or len(os.sched_getaffinity(0))
        self.folder: str | None = None
        self._processes = kind == "processes"
        # Taken as it is, not by way of the condition, whose `__enter__` Ctrl-C could interrupt.
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._interruptible: list[InterruptibleThread] = []
        self._ready: list[tuple[int, int, Call]] = []
        self._numbers = itertools.count()
        self._waiting = 0
        self._ends = False
        self._cancelled = False
        self._children: dict[int, CallProcess] = {}
        self._temporary: Any = None
        if self._processes:
            import tempfile

            self._temporary = tempfile.TemporaryDirectory(prefix="prefect_results-")
            self.folder = self._temporary.name
        self._threads = [
            threading.Thread(target=self._work, name=f"prefect-worker-{number}", daemon=True)
            for number in range(self.workers)
        ]
        for thread in self._threads:
            thread.start()

    def submit(
        self,
        fn: Callable[..., Any],
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        priority: int = 0,
        label: str = "",
        instead: Callable[..., Any] | None = None,
    ) -> Future[Any]:
        """Call `fn(*args, **kwargs)` once the futures among the arguments are done.

        Args:
            fn: the function.
            args: positional arguments.
            kwargs: keyword arguments.
            priority: of calls that are ready, the one with the highest goes first.
            label: what errors call the call.
            instead: is called with the error and the arguments if the call's process died each
                time.

        Returns:
            A future; `ProcessLost` is its exception if the call's process died each time and
            nothing is called instead, and
            `SerializationError` if an argument or the value cannot be pickled.
        """
        call = Call(Future(), fn, args, kwargs, priority, label or _name(fn), instead)
        waits_for = set(_futures_in([*args, *kwargs.values()]))
        remaining = len(waits_for)
        with self._lock:
            self._waiting += 1
        if not remaining:
            self._make_ready(call)
            return call.future
        lock = threading.Lock()

        def one_is_done(_: Future[Any]) -> None:
            nonlocal remaining
            with lock:
                remaining -= 1
                last = remaining == 0
            if last:
                self._make_ready(call)

        for other in waits_for:
            other.add_done_callback(one_is_done)
        return call.future

    def _make_ready(self, call: Call) -> None:
        with self._lock:
            heapq.heappush(self._ready, (-call.priority, next(self._numbers), call))
            self._changed.notify()

    def _work(self) -> None:
        """Make calls until the pool is closed; each worker has a thread that does this."""
        with InterruptibleThread() as thread:
            self._interruptible.append(thread)
            self._make_calls()

    def _make_calls(self) -> None:
        try:
            if self._processes:
                # While it starts, the run goes on; what keeps it from starting, a call tells.
                with contextlib.suppress(OSError):
                    self._start_process()
            while (call := self._next_call()) is not None:
                try:
                    self._make(call)
                except ProcessLost as exc:
                    self._after_loss(call, exc)
                except BaseException as exc:
                    _set(call.future, error=exc)
                del call
        finally:
            process = self._children.pop(threading.get_ident(), None)
            if process is not None:
                process.close()

    def _next_call(self) -> Call | None:
        with self._lock:
            while True:
                if self._cancelled:
                    return None
                if self._ready:
                    call: Call = heapq.heappop(self._ready)[2]
                    self._waiting -= 1
                    return call
                if self._ends and not self._waiting:
                    self._changed.notify_all()
                    return None
                self._changed.wait()

    def _make(self, call: Call) -> None:
        future = call.future
        if not (call.losses or future.set_running_or_notify_cancel()):
            return
        args, kwargs = _resolved(list(call.args)), _resolved(dict(call.kwargs))
        if not self._processes:
            _set(future, call.fn(*args, **kwargs))
            return
        try:
            payload = dumps((_unshared_call, (call.fn, args, kwargs), {}))
        except Exception as exc:
            raise SerializationError(
                f"{call.label}: an input cannot be sent to a process, because it cannot be "
                f"pickled: {exc!r}"
            ) from exc
        process = self._children.get(threading.get_ident()) or self._start_process()
        process.send(payload)
        answer = process.answer()
        answer.what = f"the result of {call.label}"
        _set(future, answer)

    def _after_loss(self, call: Call, exc: ProcessLost) -> None:
        """Put the call back whose process died; another process will make it."""
        self._children.pop(threading.get_ident(), None)
        if self._cancelled:
            _set(call.future, error=exc)
            return
        losses = call.losses + 1
        if losses <= RESTARTS:
            get_logger("LocalDaskExecutor").warning(
                "A process of the pool died (exit code %s); what it was doing is done again.",
                exc.exitcode,
            )
            self._put_back(call._replace(losses=losses))
            return
        message = f"it was started {losses} times, and its process died each time: {exc}"
        if call.instead is None:
            error = ProcessLost(f"{call.label}: {message}", exitcode=exc.exitcode)
            _set(call.future, error=error)
        else:
            error = ProcessLost(message, exitcode=exc.exitcode)
            args = (error, *call.args)
            self._put_back(call._replace(fn=call.instead, args=args, instead=None, losses=1))

    def _put_back(self, call: Call) -> None:
        with self._lock:
            self._waiting += 1
        self._make_ready(call)

    def _start_process(self) -> CallProcess:
        process = CallProcess()
        self._children[threading.get_ident()] = process
        if self._cancelled:
            process.kill()
        return process

    def wait(self, futures: Any) -> Any:
        """The same shape with values in place of futures."""
        return _resolved(futures, load=True)

    def first_done(
        self, futures: Sequence[Future[Any]], timeout: float | None
    ) -> list[Future[Any]]:
        """Those that are done when the first is, or when the time is over."""
        done, _ = concurrent.futures.wait(
            futures, timeout, return_when=concurrent.futures.FIRST_COMPLETED
        )
        return [future for future in futures if future in done]

    def share(self, value: Any) -> Any:
        """What stands for an object in the arguments of calls."""
        return value if self.folder is None else Shared(value, self.folder)

    def close(self) -> None:
        """Make the calls that wait, then end the workers."""
        with self._lock:
            self._ends = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()
        self._clean_up()

    def cancel(self) -> None:
        """Drop what has not started and break off what runs.

        A process is ended; in a thread `KeyboardInterrupt` is raised, which its task meets at its
        next step in Python. Who has not stopped within a second is not waited for.
        """
        with self._lock:
            self._cancelled = True
            dropped, self._ready = self._ready, []
            self._changed.notify_all()
        for _, _, call in dropped:
            call.future.cancel()
        for process in list(self._children.values()):
            process.kill()
        stopping = threading.Thread(target=self._interrupt_all, daemon=True)
        stopping.start()
        stopping.join(timeout=PATIENCE)
        self._clean_up()

    def _interrupt_all(self) -> None:
        """Interrupt the threads until they have ended, each once."""
        for thread in self._threads:
            while thread.is_alive():
                told = [one.interrupt() for one in self._interruptible]
                thread.join(timeout=None if all(told) else 0.01)

    def _clean_up(self) -> None:
        if self._temporary is not None:
            self._temporary.cleanup()


def _set(future: Future[Any], value: Any = None, error: BaseException | None = None) -> None:
    """Finish a future that nobody cancelled."""
    if not future.done():
        if error is None:
            future.set_result(value)
        else:
            future.set_exception(error)


def _name(fn: Any) -> str:
    return str(getattr(fn, "__name__", fn))


def _futures_in(value: Any) -> Iterator[Future[Any]]:
    if isinstance(value, Future):
        yield value
    elif isinstance(value, (list, tuple, set)):
        for item in value:
            yield from _futures_in(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _futures_in(item)


def _resolved(value: Any, load: bool = False) -> Any:
    """The value with each future in it replaced by its result.

    Args:
        value: holds futures.
        load: whether results that came from processes are to be unpickled.
    """
    if isinstance(value, Future):
        result = value.result()
        return result.load() if load and isinstance(result, Pickled) else result
    kind = type(value)
    if kind in (list, tuple, set):
        return kind(_resolved(item, load) for item in value)
    if kind is dict:
        return {key: _resolved(item, load) for key, item in value.items()}
    return value


def _unshared_call(fn: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Make a call in a process of the pool."""
    return fn(*(arg.value() if isinstance(arg, Shared) else arg for arg in args), **kwargs)
