"""Time limits on function calls: an alarm in the main thread, a process elsewhere.

A process whose call takes too long is killed.
"""

from __future__ import annotations

import pickle
import sys
from typing import TYPE_CHECKING, Any

from prefect_results.context import context as ambient
from prefect_results.exceptions import PrefectSignal, TaskTimeoutSignal
from prefect_results.executors.interrupts import interruptible, may_be_stopped_at, stopped_by
from prefect_results.logging import get_logger
from prefect_results.pickling import dumps

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Mapping, Sequence

    from prefect_results.core import Task


def run_task_with_timeout(
    task: Task,
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    logger: logging.Logger | None = None,
) -> Any:
    """Call `task.run` within `task.timeout` seconds.

    In the main thread an alarm interrupts the call; in another thread, such as those of a Dask
    worker, the call is made in another process, which is ended. On Windows the limit is soft:
    the run is `TimedOut` but goes on in the background, with a warning.

    Args:
        task: the task; `timeout` is in seconds, `None` for no limit.
        args: positional arguments of `run`.
        kwargs: keyword arguments of `run`.
        logger: a logger for details.

    Returns:
        What `run` returned.

    Raises:
        TaskTimeoutSignal: if the limit is reached.
    """
    import threading

    kwargs = kwargs or {}
    if task.timeout is None:
        return interruptible(task.run)(*args, **kwargs)
    logger = logger or get_logger()
    name = f"Task '{ambient.get('task_full_name') or task.name}'"
    limit = task.timeout

    if sys.platform.startswith("win"):
        logger.debug("%s: Falling back to a soft timeout because we are running on Windows.", name)
        return _run_with_soft_timeout(task.run, args, kwargs, limit, "on Windows")
    if threading.current_thread() is threading.main_thread():
        logger.debug("%s: Attaching thread based timeout handler...", name)
        return run_with_thread_timeout(task.run, args, kwargs, limit, logger, name)
    logger.debug("%s: Attaching process based timeout handler...", name)
    return run_with_multiprocess_timeout(task.run, args, kwargs, limit, logger, name)


def run_with_thread_timeout(
    fn: Callable[..., Any],
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    timeout: float | None = None,
    logger: logging.Logger | None = None,
    name: str | None = None,
) -> Any:
    """Call `fn` in the main thread and interrupt it after `timeout` seconds.

    Args:
        fn: the function.
        args: its positional arguments.
        kwargs: its keyword arguments.
        timeout: seconds; `None` for no limit.
        logger: a logger for details.
        name: the call's name in log lines; by default the function's.

    Returns:
        What `fn` returned.

    Raises:
        TaskTimeoutSignal: if the limit is reached.
        ValueError: if called outside the main thread.
    """
    if timeout is None:
        return fn(*args, **(kwargs or {}))
    logger = logger or get_logger()
    name = name or f"Function '{fn.__name__}'"
    logger.debug("%s: Sending alarm with %ss timeout...", name, timeout)
    logger.debug("%s: Executing function in main thread...", name)
    return _call_with_alarm(timeout, fn, args, kwargs or {})


def _call_with_alarm(
    seconds: float, fn: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Any:
    import signal

    over = False
    tries = 0

    def expired(signum: int, frame: Any) -> None:
        nonlocal tries
        if over:
            return
        tries += 1
        # What takes locks is left in peace for a moment.
        if tries <= 100 and not may_be_stopped_at(frame, _call_with_alarm.__code__):
            signal.setitimer(signal.ITIMER_REAL, 0.01)
            return
        raise TaskTimeoutSignal("Execution timed out.")

    previous = signal.signal(signal.SIGALRM, expired)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            return fn(*args, **kwargs)
        finally:
            over = True
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def run_with_multiprocess_timeout(
    fn: Callable[..., Any],
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    timeout: float | None = None,
    logger: logging.Logger | None = None,
    name: str | None = None,
) -> Any:
    """Call `fn` in another process and end that after `timeout` seconds.

    Function, arguments, context and value travel by cloudpickle.

    Args:
        fn: the function.
        args: its positional arguments.
        kwargs: its keyword arguments.
        timeout: seconds; `None` for no limit and no process.
        logger: a logger for details.
        name: the call's name in log lines; by default the function's.

    Returns:
        What `fn` returned.

    Raises:
        TaskTimeoutSignal: if the limit is reached.
        Exception: what `fn` raised, or `RuntimeError` if its value cannot be pickled or its
            process died.
    """
    if timeout is None:
        return fn(*args, **(kwargs or {}))
    from prefect_results.executors.process import ProcessLost
    from prefect_results.executors.spare import give_back, take_process

    logger = logger or get_logger()
    name = name or f"Function '{fn.__name__}'"
    call = (fn, tuple(args), dict(kwargs or {}), _picklable_context())
    payload = dumps((_answer, call, {}))
    logger.debug("%s: Sending execution to a new process...", name)
    process = take_process()
    try:
        process.send(payload)
        with stopped_by(process.kill):
            answer = process.answer(timeout)
        ok, value = pickle.loads(answer.load())
    except TimeoutError:
        process.kill()
        raise TaskTimeoutSignal(f"Execution timed out for {name}.") from None
    except ProcessLost as exc:
        raise RuntimeError(
            f"{name}: the process that ran it died with exit code {exc.exitcode}"
        ) from None
    except BaseException:
        process.kill()
        raise
    give_back(process)
    if not ok:
        raise value
    return value


def _picklable_context() -> dict[str, Any]:
    """The ambient context but for what cannot travel (loggers are made anew)."""
    kept = {}
    for key, value in dict(ambient).items():
        try:
            dumps(value)
        except Exception:
            continue
        kept[key] = value
    return kept


def _answer(
    fn: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    context: dict[str, Any],
) -> bytes:
    """Make a call; pickled `(succeeded, value or exception)`. Runs in the other process."""
    try:
        with ambient(context):
            answer = (True, fn(*args, **kwargs))
    except (Exception, PrefectSignal) as exc:
        answer = (False, exc)
    try:
        data = dumps(answer)
    except Exception as exc:
        message = (
            f"Failed to pickle result of type {type(answer[1]).__name__!r} with exception: "
            f'"{type(exc).__name__}: {exc}". This timeout handler requires your function return '
            "value to be serializable with `cloudpickle`."
        )
        data = dumps((False, RuntimeError(message)))
    return data


def _run_with_soft_timeout(
    fn: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    timeout: float,
    where: str,
) -> Any:
    import concurrent.futures
    import warnings

    warnings.warn(
        f"This task is running {where}; consequently Prefect can only enforce a soft timeout "
        "limit, i.e., if your Task reaches its timeout limit it will enter a TimedOut state but "
        "continue running in the background.",
        stacklevel=4,
    )
    context = dict(ambient.current())

    def with_context() -> Any:
        ambient.swap(context)
        return fn(*args, **kwargs)

    pool = concurrent.futures.ThreadPoolExecutor(max_workers=1)
    try:
        return pool.submit(with_context).result(timeout=timeout)
    except concurrent.futures.TimeoutError as exc:
        raise TaskTimeoutSignal(
            f"Execution timed out but was executed {where} and will continue to run in the "
            "background."
        ) from exc
    finally:
        pool.shutdown(wait=False)
