"""Threads are stopped in user code only, and keep no lock that others need."""

from __future__ import annotations

import logging
import os
import queue
import threading
from collections.abc import Callable
from typing import Any

import pytest

from prefect_results import Flow, task
from prefect_results.engine.timeouts import run_with_thread_timeout
from prefect_results.exceptions import TaskTimeoutSignal
from prefect_results.executors import LocalDaskExecutor
from prefect_results.executors.dask.pool import Pool
from prefect_results.executors.interrupts import InterruptibleThread, interruptible, threads

SECONDS = 60


class Worker:
    """A thread that can be interrupted, and what its main function returned or raised.

    Args:
        main: called with the thread's `InterruptibleThread`.
    """

    def __init__(self, main: Callable[[InterruptibleThread], Any]) -> None:
        self.ended: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._made: queue.SimpleQueue[InterruptibleThread] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, args=(main,), daemon=True)
        self._thread.start()
        self.interruptible = self._made.get(timeout=SECONDS)

    def _work(self, main: Callable[[InterruptibleThread], Any]) -> None:
        with InterruptibleThread() as made:
            self._made.put(made)
            try:
                self.ended.put(main(made))
            except BaseException as exc:
                self.ended.put(exc)

    def interrupt(self) -> None:
        """Interrupt it until it was told, or has found out for itself."""
        while not self.interruptible.interrupt() and self._thread.is_alive():
            self._thread.join(timeout=0.001)

    def end(self) -> Any:
        """What its main function returned or raised."""
        try:
            return self.ended.get(timeout=SECONDS)
        finally:
            self._thread.join(timeout=SECONDS)


def spin(started: threading.Event) -> None:
    """Never end."""
    started.set()
    while True:
        pass


def test_user_code_is_interrupted() -> None:
    """It meets `KeyboardInterrupt`, once."""
    started = threading.Event()

    def main(thread: InterruptibleThread) -> Any:
        with pytest.raises(KeyboardInterrupt):
            thread.call(spin, started)
        return sum(range(10_000))

    worker = Worker(main)
    started.wait(SECONDS)
    worker.interrupt()
    assert worker.interruptible.interrupt()
    assert worker.end() == sum(range(10_000))


def test_what_is_no_user_code_goes_on() -> None:
    """Outside of it the interruption is noted; the next user code is not started."""
    outside, asked, called = threading.Event(), threading.Event(), []

    def main(thread: InterruptibleThread) -> Any:
        thread.call(called.append, 1)
        outside.set()
        asked.wait(SECONDS)
        steps = sum(1 for _ in range(10_000))
        with pytest.raises(KeyboardInterrupt):
            thread.call(called.append, 2)
        return steps

    worker = Worker(main)
    outside.wait(SECONDS)
    assert not worker.interruptible.interrupt()
    asked.set()
    assert worker.end() == 10_000
    assert called == [1]


def test_an_interruption_of_a_blocked_call_does_not_leak() -> None:
    """It arrives when the call ends, and never behind it."""
    gate = threading.Lock()
    gate.acquire()

    def main(thread: InterruptibleThread) -> Any:
        with pytest.raises(KeyboardInterrupt):
            thread.call(gate.acquire)
        return sum(range(10_000))

    worker = Worker(main)
    worker.interrupt()
    gate.release()
    assert worker.end() == sum(range(10_000))


def test_who_takes_a_lock_is_left_in_peace() -> None:
    """Between taking a lock and being ready to release it no exception is raised."""
    inside, go_on = threading.Event(), threading.Lock()
    go_on.acquire()

    class SlowLock:
        def __init__(self) -> None:
            self._lock = threading.Lock()

        def acquire(self) -> None:
            self._lock.acquire()
            inside.set()
            go_on.acquire()

        def release(self) -> None:
            self._lock.release()

        def __enter__(self) -> None:
            self.acquire()

        def __exit__(self, *exc_info: object) -> None:
            self.release()

        def is_free(self) -> bool:
            return self._lock.acquire(blocking=False)

    lock = SlowLock()
    handler = logging.Handler()
    handler.lock = lock  # type: ignore[assignment]
    then = threading.Event()

    def user_code() -> None:
        handler.handle(logging.LogRecord("x", logging.INFO, "", 0, "x", None, None))
        spin(then)

    handler.emit = lambda record: None  # type: ignore[method-assign]
    worker = Worker(lambda thread: thread.call(user_code))
    inside.wait(SECONDS)
    assert not worker.interruptible.interrupt()
    go_on.release()
    then.wait(SECONDS)
    worker.interrupt()
    assert isinstance(worker.end(), KeyboardInterrupt)
    assert lock.is_free()


def test_waiting_user_code_is_interrupted_when_it_looks_again() -> None:
    """A loop that waits with a limit is stopped, and lets go of what it waited for."""
    started, never = threading.Event(), threading.Event()

    def user_code() -> None:
        started.set()
        while not never.wait(0.001):
            pass

    worker = Worker(lambda thread: thread.call(user_code))
    started.wait(SECONDS)
    worker.interrupt()
    assert isinstance(worker.end(), KeyboardInterrupt)
    never.set()


def test_an_interruption_that_user_code_swallows_stops_the_thread_later() -> None:
    """The next user code is not started."""
    started = threading.Event()

    def stubborn() -> str:
        try:
            spin(started)
        except BaseException:
            return "swallowed"
        return ""

    def main(thread: InterruptibleThread) -> Any:
        assert thread.call(stubborn) == "swallowed"
        return thread.call(stubborn)

    worker = Worker(main)
    started.wait(SECONDS)
    worker.interrupt()
    assert isinstance(worker.end(), KeyboardInterrupt)


def test_what_is_waited_for_is_told_to_stop() -> None:
    """A thread that waits for another process is not disturbed; the process is."""
    told, waits = threading.Event(), threading.Event()

    def main(thread: InterruptibleThread) -> None:
        with thread.waiting(told.set):
            waits.set()
            told.wait(SECONDS)
            raise ValueError("it was stopped")

    worker = Worker(main)
    waits.wait(SECONDS)
    worker.interrupt()
    assert isinstance(worker.end(), KeyboardInterrupt)


def test_other_threads_call_user_code_as_it_is() -> None:
    """Nothing is paid for where nobody can interrupt."""
    assert interruptible(spin) is spin


def test_a_cancelled_pool_leaves_no_lock_behind() -> None:
    """Threads that log all the time are stopped, again and again, and others can go on to log."""
    handler = logging.StreamHandler(open(os.devnull, "w"))  # noqa: SIM115
    logger = logging.Logger("busy")
    logger.addHandler(handler)

    def log(started: threading.Event) -> None:
        while True:
            logger.info("busy")
            started.set()

    try:
        for _ in range(20):
            pool = Pool("threads", 3)
            started = [threading.Event() for _ in range(3)]
            for event in started:
                pool.submit(lambda event: interruptible(log)(event), [event], {})
            for event in started:
                assert event.wait(SECONDS)
            pool.cancel()
            for thread in pool._threads:
                thread.join(SECONDS)
                assert not thread.is_alive()
            assert handler.lock is not None
            assert handler.lock.acquire(timeout=SECONDS)
            handler.lock.release()
    finally:
        handler.stream.close()
    assert threads == {}


def test_a_cancelled_run_ends_the_process_of_a_task_with_a_time_limit(gate: Any) -> None:
    """Where a thread waits for a process, cancelling ends that."""
    started = gate("started")

    @task(timeout=SECONDS)
    def waits(started: Any) -> None:
        import time

        started.open()
        time.sleep(SECONDS)

    class Pressed(LocalDaskExecutor):
        def wait(self, futures: Any) -> Any:
            started.wait()
            raise KeyboardInterrupt

    with Flow("time limit") as flow:
        waits(started)
    before = set(threading.enumerate())
    with pytest.raises(KeyboardInterrupt):
        flow.run(executor=Pressed("threads", num_workers=1))
    for thread in set(threading.enumerate()) - before:
        thread.join(SECONDS)
    assert not set(threading.enumerate()) - before


def test_an_alarm_waits_for_those_who_take_locks() -> None:
    """A time limit in the main thread does not break into the taking of a lock."""
    lock, never = threading.Lock(), threading.Lock()
    never.acquire()

    class Slow:
        def __enter__(self) -> None:
            lock.acquire()
            # The alarm rings while this lasts.
            never.acquire(timeout=0.05)

        def __exit__(self, *exc_info: object) -> None:
            lock.release()

    def user_code() -> None:
        with Slow():
            spin(threading.Event())

    with pytest.raises(TaskTimeoutSignal):
        run_with_thread_timeout(user_code, timeout=0.01)
    assert lock.acquire(blocking=False)
