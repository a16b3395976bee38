"""Processes that are kept for later calls, and calls that are made alone in one.

Not here: a process itself (see `process`), pools that a flow run has (see `dask.pool`).
"""

from __future__ import annotations

import atexit
import os
import pickle
from typing import TYPE_CHECKING, Any

from prefect_results.executors.interrupts import stopped_by
from prefect_results.executors.process import CallProcess, ProcessLost
from prefect_results.pickling import dumps

if TYPE_CHECKING:
    from collections.abc import Callable

# Processes that wait for a call; they end with this one.
_idle: list[CallProcess] = []


def take_process() -> CallProcess:
    """A process that waits for a call, made here and not by a parent that forked."""
    while True:
        try:
            process = _idle.pop()
        except IndexError:
            return _started_process()
        if process.parent == os.getpid() and process.is_alive():
            return process


def give_back(process: CallProcess) -> None:
    """Keep a process that has answered for later calls."""
    _idle.append(process)


@atexit.register
def _end_idle() -> None:
    while _idle:
        process = _idle.pop()
        if process.parent == os.getpid():
            # A task may have left a thread in it that does not end.
            process.close(patience=1)


def _started_process() -> CallProcess:
    """A new process that has made a first call; what it takes to start is nobody's time."""
    process = CallProcess()
    try:
        with stopped_by(process.kill):
            process.send(pickle.dumps((int, (), {})))
            process.answer()
    except BaseException:
        process.kill()
        raise
    return process


class Alone:
    """Makes a call in a process of its own, again and again; one that it ends is replaced.

    Args:
        fn: the function.
        *args: its arguments, which are sent to each process once.
    """

    def __init__(self, fn: Callable[..., Any], *args: Any) -> None:
        self._payload = dumps((_keep, (fn, args), {}))
        self._process: CallProcess | None = None

    def __call__(self, *first: Any) -> Any:
        """Make the call with arguments that come before those that stay.

        Raises:
            ProcessLost: if the process died.
            BaseException: what the call raised.
        """
        process, self._process = self._process, None
        try:
            if process is None:
                process = take_process()
                process.send(self._payload)
                with stopped_by(process.kill):
                    process.answer()
            process.send(dumps((_call_kept, first, {})))
            with stopped_by(process.kill):
                value = process.answer().load()
        except ProcessLost:
            raise
        except BaseException:
            # It may still be amid the call.
            if process is not None:
                process.kill()
            raise
        self._process = process
        return value

    def close(self) -> None:
        """Let go of the process."""
        process, self._process = self._process, None
        if process is not None:
            process.send(dumps((_keep, (None, ()), {})))
            process.answer()
            give_back(process)


_kept: tuple[Any, tuple[Any, ...]] = (None, ())


def _keep(fn: Any, args: tuple[Any, ...]) -> None:
    global _kept
    _kept = (fn, args)


def _call_kept(*first: Any) -> Any:
    fn, args = _kept
    return fn(*first, *args)
