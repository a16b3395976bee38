"""What comes from outside: result types of users, and results that Prefect 1.4.1 pickled.

Not here: how instances of such types are sealed; see `frozen`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from prefect_results.results.frozen import Frozen

if TYPE_CHECKING:
    from prefect_results.results.base import Result

F = TypeVar("F", bound="Result")

# What the slots hold where a pickle of Prefect 1.4.1 has no such attribute; beside these the
# type's default serializer.
_UNSET = {
    "value": None,
    "location": None,
    "serialized": False,
    "_formatter": None,
    "_stored": False,
}


def prepare(cls: type[Frozen]) -> None:
    """Have the `read` and `write` of a user's type say that the value is at its location.

    Args:
        cls: the type, as the user wrote it.
    """
    for name in ("read", "write"):
        if name in cls.__dict__:
            setattr(cls, name, _marking_stored(cls.__dict__[name]))


def _marking_stored(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def stored(self: Frozen, *args: Any, **kwargs: Any) -> Any:
        found = method(self, *args, **kwargs)
        is_new = isinstance(found, Frozen) and found is not self
        if is_new and found.location is not None:
            object.__setattr__(found, "_stored", found._stored or True)
            object.__setattr__(found, "serialized", False)
        return found

    return stored


def revived(made: F, value: Any, serialized: bool) -> F:
    """Finish a result of a user's type that was made of its wire form.

    Args:
        made: knows its location.
        value: the serialized value, where it is inline.
        serialized: whether the value is in its serialized form.
    """
    stored = serialized and made.location is not None
    return made._replace(value=value, serialized=serialized, _stored=stored)._seal()


def restore(result: Any, state: Mapping[str, Any]) -> None:
    """Take over what a pickle of Prefect 1.4.1, or one of a user's type, holds.

    Args:
        result: new, without any attributes.
        state: its attributes by name.
    """
    default = result._default_serializer
    unset = {**_UNSET, "serializer": default}
    if result._draft is None:
        for name, item in {**unset, **state}.items():
            if name in state or not hasattr(result, name):
                object.__setattr__(result, name, item)
        return
    serializer = state.get("serializer", state.get("_serializer", default))
    known = {**unset, **result._extras, **state, "serializer": serializer}
    for name in (*result._fields, *result._extras):
        object.__setattr__(result, name, known[name])
    result._seal()
