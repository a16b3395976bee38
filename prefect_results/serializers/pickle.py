"""Python pickles: by reference where the other side can import, by value where it cannot.

Not here: the container of out-of-band buffers; see `serializers.buffers`.
"""

from __future__ import annotations

import pickle
import sys
import types
from io import BytesIO
from typing import Any, BinaryIO

from prefect_results.serializers import buffers
from prefect_results.serializers.base import Serializer, register_serializer

PROTOCOL = 5

# Pickled by plain pickle exactly as by cloudpickle, without looking any further.
_PLAIN = frozenset((type(None), bool, int, float, complex, str, bytes, bytearray))


class _ByValue(Exception):
    """An object must be pickled by value, which only cloudpickle does."""


class _ReferencePickler(pickle.Pickler):
    """The C pickler, for graphs in which every class and function can be imported elsewhere.

    It stops at the first one of `__main__` (which plain pickle would name, and another process
    would not find); for those that cannot be found under their name it fails by itself.
    """

    def reducer_override(self, obj: Any) -> Any:
        kind = type(obj)
        if (
            kind is type or kind is types.FunctionType or issubclass(kind, type)
        ) and obj.__module__ in (None, "__main__"):
            raise _ByValue
        if kind.__name__ in _NAMED_BY_MODULE and obj.__module__ == "__main__":
            raise _ByValue
        return NotImplemented


# Instances that plain pickle stores as a name in their module.
_NAMED_BY_MODULE = frozenset(("TypeVar", "ParamSpec", "TypeVarTuple", "TypeAliasType", "NewType"))


@register_serializer
class PickleSerializer(Serializer):
    """Serializes any Python value with pickle protocol 5 (Prefect 1.4.1: cloudpickle).

    What is written is a plain pickle, which Prefect 1.4.1 and `pickle.load` read; classes and
    functions that another process could not import (those of `__main__`, local ones, lambdas) are
    in it by value, as cloudpickle does it. Large values stream to and from files without a copy.

    Args:
        out_of_band: keep large buffers (arrays) outside of the pickle, in a container that only
            this class reads, which is about as fast as `np.save`. False by default. Both forms
            are read, whatever this says.
    """

    # Of the class too: a pickle of Prefect 1.4.1 has no such attribute.
    out_of_band = False

    def __init__(self, out_of_band: bool = False) -> None:
        self.out_of_band = out_of_band

    def serialize(self, value: Any) -> bytes:
        """Turn a value into a pickle.

        Raises:
            Exception: what the value's own `__reduce__` raises; `TypeError` or
                `pickle.PicklingError` if it cannot be pickled.
        """
        if type(value) in _PLAIN and not self.out_of_band:
            return pickle.dumps(value, PROTOCOL)
        file = BytesIO()
        self.dump(value, file)
        return file.getvalue()

    def deserialize(self, value: bytes) -> Any:
        """Turn a pickle into the value again; base64 text of one too, as before Prefect 0.11.

        Raises:
            Exception: what unpickling raises: `EOFError` or `pickle.UnpicklingError` for data
                that is no whole pickle, `ModuleNotFoundError` for a missing module.
        """
        if value[:1] == buffers.MAGIC[:1]:
            return buffers.load(BytesIO(value))
        if value[:1] == b"\x80":
            return pickle.loads(value)
        try:
            return pickle.loads(value)
        except Exception as exc:
            try:
                return pickle.loads(_from_base64(value))
            except Exception as other:
                # The first error says what is wrong, unless it was base64 text indeed.
                raise exc from other

    def dump(self, value: Any, file: BinaryIO) -> None:
        """Write a pickle straight to a binary file; large buffers are not copied.

        Args:
            value: the value.
            file: where to write, from its current position on. A file that can seek is rewound if
                it turns out halfway that the value must be pickled by value.
        """
        if self.out_of_band:
            buffers.dump(value, file, _pickle)
        else:
            _pickle(value, file)

    def load(self, file: BinaryIO) -> Any:
        """Read a pickle straight from a binary file; large buffers are not copied."""
        if isinstance(file, BytesIO):
            return self.deserialize(file.read())
        head = file.peek(1)[:1] if hasattr(file, "peek") else b""
        if head == b"\x80":
            return pickle.load(file)
        if head == buffers.MAGIC[:1]:
            return buffers.load(file)
        return self.deserialize(file.read())

    def options(self) -> dict[str, Any]:
        """`out_of_band`, when it is on."""
        return {"out_of_band": True} if self.out_of_band else {}


def _pickle(value: Any, file: BinaryIO, buffer_callback: Any = None) -> None:
    """Pickle to a file: by reference if that is enough, else by value."""
    if not _by_value_modules():
        seekable = file.seekable()
        target: BinaryIO = file if seekable else BytesIO()
        start = file.tell() if seekable else 0
        try:
            _ReferencePickler(target, PROTOCOL, buffer_callback=buffer_callback).dump(value)
        except Exception:
            if seekable:
                file.seek(start)
                file.truncate()
        else:
            if not seekable:
                file.write(target.getbuffer())  # type: ignore[attr-defined]
            return
    import cloudpickle

    cloudpickle.Pickler(file, PROTOCOL, buffer_callback=buffer_callback).dump(value)


def _by_value_modules() -> bool:
    """Whether the user told cloudpickle to pickle some importable modules by value."""
    cloudpickle = sys.modules.get("cloudpickle")
    return cloudpickle is not None and bool(cloudpickle.list_registry_pickle_by_value())


def _from_base64(value: bytes) -> bytes:
    """The pickle of base64 text."""
    import base64

    return base64.b64decode(value)
