"""Dictionaries with attribute access, and helpers to merge, nest and flatten them.

What belongs here: pure functions and classes over plain containers. What does not: the
configuration (`prefect_results.configuration`) and the context (`prefect_results.context`) that
are made of them, and the tasks that collect values (`prefect_results.tasks.core.collections`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import Any, TypeVar, cast

D = TypeVar("D", bound=MutableMapping[Any, Any])


def flatten_seq(seq: Iterable[Any]) -> Iterator[Any]:
    """Yield the items of nested iterables, depth first.

    Args:
        seq: Any iterable; strings and bytes count as items.
    """
    for item in seq:
        if isinstance(item, Iterable) and not isinstance(item, (str, bytes)):
            yield from flatten_seq(item)
        else:
            yield item


class DotDict(MutableMapping[str, Any]):
    """A mapping whose keys are attributes too (Prefect 1.4.1).

    Any string may be a key; only identifiers can be reached with a dot. A key that is named
    like a method hides the method on that instance.

    Args:
        init_dict: A mapping to start from; it is copied, not converted.
        **kwargs: More keys, which win over those of `init_dict`.
    """

    def __init__(
        self,
        init_dict: Mapping[str, Any] | Iterable[tuple[str, Any]] | None = None,
        **kwargs: Any,
    ) -> None:
        if init_dict:
            self.__dict__.update(_raw(init_dict))
        self.__dict__.update(kwargs)

    def __getitem__(self, key: str) -> Any:
        return self.__dict__[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.__dict__[key] = value

    def __delitem__(self, key: str) -> None:
        del self.__dict__[key]

    def __setattr__(self, attr: str, value: Any) -> None:
        self[attr] = value

    def __iter__(self) -> Iterator[str]:
        return iter(self.__dict__.keys())

    def __len__(self) -> int:
        return len(self.__dict__)

    def __repr__(self) -> str:
        name = type(self).__name__
        keys = ", ".join(sorted(map(repr, self.__dict__)))
        return f"<{name}: {keys}>" if keys else f"<{name}>"

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of `key`, or `default` where there is none."""
        return self.__dict__.get(key, default)

    def copy(self) -> DotDict:
        """Return a shallow copy of the same class."""
        return type(self)(self.__dict__.copy())

    def to_dict(self) -> dict[str, Any]:
        """Return plain nested dictionaries, also of the dictionaries inside lists."""
        return cast("dict[str, Any]", as_nested_dict(self, dct_class=dict))


class Config(dict[str, Any]):
    """A dictionary of settings whose keys are attributes; dictionaries put into it become Config.

    A missing attribute is an `AttributeError`, a missing key a `KeyError`.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        self.update(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise _no_attribute(self, name) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self[name]
        except KeyError:
            raise _no_attribute(self, name) from None

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, _to_config(value))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({super().__repr__()})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.to_dict(),)

    def setdefault(self, key: str, default: Any = None) -> Any:
        """Return the value of `key`, which is set to `default` first where it is missing."""
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Set each key of a mapping or of pairs, and each keyword."""
        for key, value in dict(*args, **kwargs).items():
            self[key] = value

    def copy(self) -> Config:
        """Return a copy in which each nested Config is a copy too; other values are shared."""
        new = type(self)()
        for key, value in self.items():
            dict.__setitem__(new, key, value.copy() if isinstance(value, Config) else value)
        return new

    def to_dict(self) -> dict[str, Any]:
        """Return plain nested dictionaries."""
        return {k: v.to_dict() if isinstance(v, Config) else v for k, v in self.items()}


def _no_attribute(config: Config, name: str) -> AttributeError:
    return AttributeError(f"{type(config).__name__!r} object has no attribute {name!r}")


def _to_config(value: Any) -> Any:
    """Return `value` with the dictionaries in it made Config."""
    if isinstance(value, dict) and not isinstance(value, Config):
        return Config(value)
    if type(value) is list and any(isinstance(item, dict) for item in value):
        return [_to_config(item) for item in value]
    return value


def _raw(obj: Any) -> Any:
    """Return the plain dictionary behind a DotDict, whose keys may hide its methods."""
    return getattr(obj, "__dict__", obj) if isinstance(obj, DotDict) else obj


def merge_dicts(d1: Any, d2: Any) -> Any:
    """Return a copy of `d1` updated from `d2`; where both hold a mapping, those are merged.

    Args:
        d1: The mapping that gives way; its class is the class of what is returned.
        d2: The mapping that wins.
    """
    merged = d1.copy()
    for key, value in d2.items():
        old = merged.get(key)
        if isinstance(old, MutableMapping) and isinstance(value, MutableMapping):
            merged[key] = merge_dicts(old, value)
        else:
            merged[key] = value
    return merged


def as_nested_dict(obj: Any, dct_class: type = DotDict) -> Any:
    """Return `obj` with every dictionary in it, at any depth, made a `dct_class`.

    Args:
        obj: Dictionaries, DotDicts and lists, tuples or sets of them; anything else comes back
            as it is.
        dct_class: The class of the new dictionaries; `DotDict` by default.
    """
    if isinstance(obj, (list, tuple, set)):
        items = [as_nested_dict(item, dct_class) for item in obj]
        # a namedtuple takes its fields one by one
        return type(obj)(*items) if hasattr(obj, "_fields") else type(obj)(items)
    if isinstance(obj, (dict, DotDict)):
        return dct_class({k: as_nested_dict(v, dct_class) for k, v in dict.items(_plain(obj))})
    return obj


def _plain(obj: Any) -> dict[str, Any]:
    """Return the dictionary behind `obj` without calling a method that a key may hide."""
    if isinstance(obj, dict):
        return obj
    data = obj.__dict__
    return data if isinstance(data, dict) else dict(data)


class CompoundKey(tuple[Any, ...]):
    """The chain of keys that leads to one value of a nested dictionary."""

    __slots__ = ()


def dict_to_flatdict(
    dct: Mapping[Any, Any], parent: CompoundKey | None = None
) -> dict[CompoundKey, Any]:
    """Return a flat dictionary of `CompoundKey` to value.

    Args:
        dct: The dictionary to flatten; an empty nested dictionary leaves no trace.
        parent: Keys to put in front of every key; none by default.
    """
    flat: dict[CompoundKey, Any] = {}
    start = parent or CompoundKey()
    for key, value in dct.items():
        path = CompoundKey((*start, key))
        if isinstance(value, dict):
            flat.update(dict_to_flatdict(value, path))
        else:
            flat[path] = value
    return flat


def flatdict_to_dict(dct: Mapping[Any, Any], dct_class: type[D] | None = None) -> D:
    """Return the nested dictionary of which `dict_to_flatdict` made `dct`.

    Args:
        dct: Values by `CompoundKey`; any other key stays at the top as it is.
        dct_class: The class of each dictionary that is made; `dict` by default.
    """
    new = cast("type[D]", dct_class or dict)
    result = new()
    for key, value in dct.items():
        if isinstance(key, CompoundKey):
            current: Any = result
            for part in key[:-1]:
                current = current.setdefault(part, new())
            current[key[-1]] = value
        else:
            result[key] = value
    return result
