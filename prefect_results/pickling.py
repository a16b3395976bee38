"""Pickles of what is sent to other processes, with functions and classes of scripts by value.

Functions of a script take the globals that they use along. The ambient context, which is one of
them in `from prefect_results import context`, goes as a reference: what the function finds behind
it is the context of the run that it is called in. Frozen it never is, not here either.
"""

from __future__ import annotations

import functools
import io
import pickle
from typing import TYPE_CHECKING, Any

from prefect_results.context import context
from prefect_results.exceptions import DeserializationError

if TYPE_CHECKING:
    from collections.abc import Iterable


def dumps(value: Any, protocol: int = 5) -> bytes:
    """The pickle of a value.

    Args:
        value: the value.
        protocol: of pickle.

    Raises:
        Exception: what pickling raised.
    """
    with io.BytesIO() as file:
        dump(value, file, protocol)
        return file.getvalue()


def dump(value: Any, file: Any, protocol: int = 5, **options: Any) -> None:
    """Write the pickle of a value.

    Args:
        value: the value.
        file: has `write`.
        protocol: of pickle.
        **options: more options of `pickle.Pickler`.

    Raises:
        Exception: what pickling raised.
    """
    _pickler()(file, protocol=protocol, **options).dump(value)


def loads(data: bytes, what: str, buffers: Iterable[Any] = ()) -> Any:
    """The value of a pickle that another process made.

    Args:
        data: the pickle.
        what: what it is of, for errors.
        buffers: what was pickled out of band.

    Raises:
        DeserializationError: if that cannot be done in this process.
    """
    try:
        return pickle.loads(data, buffers=buffers)
    except Exception as exc:
        raise DeserializationError(
            f"{what} was pickled, but cannot be unpickled where it is needed: {exc!r}"
        ) from exc


@functools.cache
def _pickler() -> Any:
    import cloudpickle

    class Pickler(cloudpickle.Pickler):  # type: ignore[misc]
        def reducer_override(self, obj: Any) -> Any:
            if obj is context:
                return _ambient, ()
            return super().reducer_override(obj)

    return Pickler


def _ambient() -> Any:
    return context
