"""Arguments and results of calls that stay in pickled form until they are needed.

A worker that cannot make them out, for want of a module say, then fails that one call; if its
connection came across them, the worker would be lost to the cluster, without a word.
"""

from __future__ import annotations

import io
import pickle
from typing import TYPE_CHECKING, Any

from prefect_results.pickling import dump, dumps, loads

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_PLAIN = frozenset((type(None), bool, int, float, str, bytes))
_OWN = __name__.partition(".")[0]


# On workers: of each run the calls that are suspected of having killed workers, by their keys;
# what is to be called instead, and the error.
accused: dict[str, dict[Any, Sealed]] = {}


class CallExited(Exception):
    """A call raised what ends a process; it is to end the one that waits for the call.

    Args:
        kind: `SystemExit` or `KeyboardInterrupt`.
        values: its arguments.
    """

    def __init__(self, kind: type[BaseException], values: tuple[Any, ...]) -> None:
        super().__init__(kind, values)

    @property
    def exit(self) -> BaseException:
        """What the call raised; made anew, as a pickled `SystemExit` may lose its code."""
        kind, values = self.args
        exc: BaseException = kind(*values)
        return exc


class Sealed:
    """A value in pickled form; it arrives like this.

    Args:
        value: the value.
    """

    __slots__ = ("_data",)

    def __init__(self, value: Any) -> None:
        self._data = dumps(value)

    def value(self) -> Any:
        """The value, made anew each time."""
        return pickle.loads(self._data)

    def __sizeof__(self) -> int:
        return 64 + len(self._data)


class Returned:
    """What a call returned; pickled when it leaves its worker, and unpickled when it is needed.

    A worker that cannot unpickle what another one holds would ask for it again and again.

    Args:
        value: the value.
        what: what it is, for errors.
    """

    __slots__ = ("_pickled", "_value", "_what")

    def __init__(self, value: Any, what: str) -> None:
        self._value = value
        self._what = what
        # The pickle, and what was pickled out of band.
        self._pickled: tuple[bytes, Sequence[Any]] | None = None

    def value(self) -> Any:
        """The value; the same object each time.

        Raises:
            DeserializationError: if it cannot be unpickled here.
        """
        pickled = self._pickled
        if pickled is not None:
            self._value = loads(pickled[0], self._what, pickled[1])
            self._pickled = None
        return self._value

    def __sizeof__(self) -> int:
        from dask.sizeof import sizeof

        pickled = self._pickled
        if pickled is None:
            return 64 + int(sizeof(self._value))
        return 64 + len(pickled[0]) + sum(memoryview(part).nbytes for part in pickled[1])

    def __reduce__(self) -> Any:
        data, parts = self._pickled or _pickled(self._value)
        return _arrived, (self._what, data, [pickle.PickleBuffer(part) for part in parts])


def _pickled(value: Any) -> tuple[bytes, list[Any]]:
    parts: list[Any] = []
    with io.BytesIO() as file:
        dump(value, file, buffer_callback=parts.append)
        return file.getvalue(), parts


def _arrived(what: str, data: bytes, parts: Sequence[Any]) -> Returned:
    new = Returned(None, what)
    new._pickled = data, parts
    return new


def sealed(value: Any, future: type) -> Any:
    """The same shape with everything sealed that is neither plain nor a future.

    Args:
        value: an argument of a call.
        future: the type of futures.

    Raises:
        Exception: what pickling raised.
    """
    kind = type(value)
    if kind in _PLAIN or isinstance(value, future):
        return value
    if kind in (list, tuple):
        return kind(sealed(item, future) for item in value)
    if kind is dict and all(type(key) in _PLAIN for key in value):
        return {key: sealed(item, future) for key, item in value.items()}
    if str(getattr(value, "__module__", "")).partition(".")[0] == _OWN and callable(value):
        return value
    return Sealed(value)


def opened(value: Any) -> Any:
    """What `sealed` was given, with results in the place of futures.

    Raises:
        DeserializationError: if a result cannot be unpickled here.
    """
    kind = type(value)
    if kind is Sealed or kind is Returned:
        return value.value()
    if kind in (list, tuple):
        return kind(opened(item) for item in value)
    if kind is dict:
        return {key: opened(item) for key, item in value.items()}
    return value


def open_and_call(what: str, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """Make a call whose arguments are sealed; runs on workers.

    Args:
        what: what the call is, for errors.
        fn: the function.
        *args: its positional arguments.
        **kwargs: its keyword arguments.

    Returns:
        What it returned if that is plain, else as `Returned`.

    Raises:
        CallExited: if the call would have ended the worker.
    """
    try:
        given = [opened(arg) for arg in args]
        if accused and (found := _accusation()) is not None:
            instead, error = found
            value = instead(error, *given)
        else:
            value = opened(fn)(*given, **{key: opened(arg) for key, arg in kwargs.items()})
    except (SystemExit, KeyboardInterrupt) as exc:
        raise CallExited(type(exc), exc.args) from None
    return value if type(value) in _PLAIN else Returned(value, f"the result of {what}")


def _accusation() -> tuple[Callable[..., Any], Exception] | None:
    from distributed import get_worker

    key = get_worker().get_current_task()
    for calls in accused.values():
        if key in calls:
            found: tuple[Callable[..., Any], Exception] = calls[key].value()
            return found
    return None
