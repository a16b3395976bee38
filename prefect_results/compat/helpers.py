"""Small functions that legacy code imports from `prefect.utilities` and this library does without.

What the library itself uses is in the room of its concern; a function is here only because
legacy flow files or tools import it by its legacy name.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Any

from prefect_results.context import context
from prefect_results.engine.retry import RecursiveCall
from prefect_results.exceptions import PrefectSignal


def import_object(name: str) -> Any:
    """Imports what a dotted name names: a module, or a name in a module.

    Args:
        name: such as `random` or `random.randint`.

    Raises:
        ImportError: there is no such module.
        AttributeError: the module has no such name.
    """
    try:
        return import_module(name)
    except ImportError:
        module, dot, attribute = name.rpartition(".")
        if not dot:
            raise
    return getattr(import_module(module), attribute)


def retry_delay(
    interval: datetime.timedelta | None = None,
    *,
    exponential_backoff: bool = False,
    max_delay: datetime.timedelta | None = datetime.timedelta(hours=2),
    **units: float,
) -> Callable[[int], datetime.timedelta]:
    """Makes a function from the number of a run to the delay before the next.

    Args:
        interval: the delay.
        exponential_backoff: double the delay from the third run on.
        max_delay: the longest delay; no limit if None.
        **units: the delay as arguments of `timedelta`, instead of `interval`.

    Raises:
        ValueError: both an interval and units are given, or neither is.
    """
    if interval is not None and units:
        raise ValueError("Provide an interval or interval keywords, but not both.")
    if interval is None and not units:
        raise ValueError("Provide either an interval or interval keywords.")
    base = datetime.timedelta(**units) if interval is None else interval

    def delay(run_number: int) -> datetime.timedelta:
        doublings = max(0, run_number - 2) if exponential_backoff else 0
        whole: datetime.timedelta = base * (1 << doublings)
        return whole if max_delay is None else min(whole, max_delay)

    return delay


def tail_recursive(func: Callable[..., Any]) -> Callable[..., Any]:
    """Lets a function start over by raising `RecursiveCall`, at any depth without a stack.

    Args:
        func: a function that raises `RecursiveCall(decorated_function, ...)` to call itself.

    Raises:
        RecursionError: when called, if the raised call names a function that isn't decorated.
    """

    @wraps(func)
    def run(*args: Any, **kwargs: Any) -> Any:
        while True:
            try:
                return func(*args, **kwargs)
            except RecursiveCall as again:
                target = getattr(again.func, "__wrapped_func__", None)
                if target is None:
                    raise RecursionError(
                        "function has not been wrapped to provide tail recursion "
                        f"(func={again.func})"
                    ) from again
                # Of several nested loops, only the one that was meant goes on.
                if target != func:
                    raise
                args, kwargs = again.args, again.kwargs

    run.__wrapped_func__ = func  # type: ignore[attr-defined]
    return run


def multiprocessing_safe_run_and_retrieve(queue: Any, payload: bytes) -> None:
    """Runs a pickled call and puts what it returned or raised into a queue, pickled.

    Args:
        queue: with a `put` method.
        payload: cloudpickle of a dictionary with `fn`, and optionally `args`, `kwargs` and
            `context`.
    """
    import cloudpickle

    call = cloudpickle.loads(payload)
    try:
        with context(call.get("context", {})):
            answer = call["fn"](*call.get("args", ()), **call.get("kwargs", {}))
    except (Exception, PrefectSignal) as exc:
        answer = exc
    try:
        packed = cloudpickle.dumps(answer)
    except Exception as exc:
        packed = cloudpickle.dumps(exc)
    queue.put(packed)
