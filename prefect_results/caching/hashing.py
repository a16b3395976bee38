"""Deterministic hashes of Python values: the same value gives the same text in any process.

Belongs here: what makes two inputs "the same" for a cache. Not here: when a cache is valid
(see `validators`).
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Update = Callable[[bytes], None]

MAX_DEPTH = 200


def tokenize(value: Any) -> str:
    """Return a hexadecimal hash of `value`, equal for equal values across processes.

    Built-in types, dataclasses, enums, NumPy arrays and pandas objects are hashed by content
    (dictionaries and sets regardless of order); anything else by its pickled form, which for
    objects whose pickle differs from process to process means that a cache is not found.

    Args:
        value: any Python object.

    Returns:
        32 hexadecimal digits.

    Raises:
        TypeError: if the value is neither of a known type nor picklable; the message names it.
    """
    return _digest_of(value, 0).hex()


def hash_inputs(inputs: Mapping[str, Any]) -> dict[str, str]:
    """Return `tokenize(value)` for each input; one that cannot be hashed matches nothing.

    Args:
        inputs: argument names of `Task.run` and their values.

    Returns:
        The same names with the hash of each value. A value without a deterministic hash gets a
        text that is new on each call, so that a cache that depends on it is never valid.
    """
    return {key: _token_or_unique(value) for key, value in inputs.items()}


def _token_or_unique(value: Any) -> str:
    try:
        return tokenize(value)
    except Exception:
        import uuid

        return f"unhashable-{uuid.uuid4().hex}"


def _update(value: Any, update: Update, depth: int) -> None:
    """Feed a canonical, self-delimiting form of `value` to `update`."""
    if depth > MAX_DEPTH:
        _pickled(value, update)
        return
    kind = type(value)
    encode = _ENCODERS.get(kind)
    if encode is not None:
        encode(value, update, depth)
    elif not _update_array_like(value, kind, update, depth):
        _update_object(value, kind, update, depth)


def _frame(tag: bytes, data: bytes, update: Update) -> None:
    update(tag + struct.pack("<Q", len(data)))
    update(data)


def _text(value: str, update: Update, depth: int) -> None:
    _frame(b"s", value.encode("utf-8", "surrogatepass"), update)


def _bytes(value: bytes | bytearray, update: Update, depth: int) -> None:
    _frame(b"b" if type(value) is bytes else b"B", bytes(value), update)


def _scalar(value: Any, update: Update, depth: int) -> None:
    _frame(b"v", f"{type(value).__name__}:{value!r}".encode(), update)


def _sequence(value: Any, update: Update, depth: int) -> None:
    update(b"l" if type(value) is list else b"t")
    update(struct.pack("<Q", len(value)))
    for item in value:
        _update(item, update, depth + 1)


def _unordered(value: Any, update: Update, depth: int) -> None:
    update(b"S" + struct.pack("<Q", len(value)))
    for token in sorted(_digest_of(item, depth + 1) for item in value):
        update(token)


def _mapping(value: Any, update: Update, depth: int) -> None:
    update(b"d" + struct.pack("<Q", len(value)))
    pairs = (
        _digest_of(key, depth + 1) + _digest_of(item, depth + 1) for key, item in value.items()
    )
    for pair in sorted(pairs):
        update(pair)


def _digest_of(value: Any, depth: int) -> bytes:
    import hashlib

    digest = hashlib.blake2b(digest_size=16)
    _update(value, digest.update, depth)
    return digest.digest()


_ENCODERS: dict[type, Callable[[Any, Update, int], None]] = {
    type(None): _scalar,
    bool: _scalar,
    int: _scalar,
    float: _scalar,
    complex: _scalar,
    type(Ellipsis): _scalar,
    range: _scalar,
    slice: _scalar,
    str: _text,
    bytes: _bytes,
    bytearray: _bytes,
    list: _sequence,
    tuple: _sequence,
    set: _unordered,
    frozenset: _unordered,
    dict: _mapping,
}


def _update_array_like(value: Any, kind: type, update: Update, depth: int) -> bool:
    """Hash NumPy and pandas values by content; `False` when `value` is neither."""
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.ndarray) and not value.dtype.hasobject:
        _frame(b"a", f"{kind.__qualname__}:{value.dtype.descr}:{value.shape}".encode(), update)
        update(numpy.ascontiguousarray(value).view(numpy.uint8).reshape(-1).data)
        return True
    pandas = sys.modules.get("pandas")
    if pandas is None or not isinstance(value, (pandas.DataFrame, pandas.Series, pandas.Index)):
        return False
    try:
        hashes = pandas.util.hash_pandas_object(value, index=True).to_numpy()
    except TypeError:
        return False
    dtypes = value.dtypes if hasattr(value, "dtypes") else value.dtype
    names = list(value.columns) if hasattr(value, "columns") else value.name
    _frame(b"p", f"{kind.__qualname__}:{dtypes!s}:{names!r}".encode(), update)
    update(hashes.tobytes())
    return True


def _update_object(value: Any, kind: type, update: Update, depth: int) -> None:
    import dataclasses
    import enum

    name = f"{kind.__module__}.{kind.__qualname__}"
    if isinstance(value, enum.Enum):
        _frame(b"e", f"{name}.{value.name}".encode(), update)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        _frame(b"o", name.encode(), update)
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        _update(fields, update, depth + 1)
    else:
        _frame(b"P", name.encode(), update)
        _pickled(value, update)


def _pickled(value: Any, update: Update) -> None:
    import cloudpickle

    try:
        data = cloudpickle.dumps(value, protocol=5)
    except Exception as exc:
        raise TypeError(
            f"a value of type {type(value).__qualname__} cannot be hashed: it cannot be pickled "
            f"({exc})"
        ) from exc
    _frame(b"k", data, update)
