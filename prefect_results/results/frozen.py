"""How results are immutable, cheap to copy, and picklable.

An instance of this package's types is frozen by its class; while it is being made it is of a
*draft* of that class, a subclass with the same layout that can be assigned to. An instance of a
type from outside is a draft until it is sealed. Not here: what a result is.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

from prefect_results.exceptions import ImmutableError

F = TypeVar("F", bound="Frozen")

_PACKAGE = __name__.partition(".")[0] + "."
_new = object.__new__


class Frozen:
    """Base of objects whose attributes, in slots, are assigned while they are made and never after.

    A subclass may assign in its `__init__`, before and after `super().__init__`.
    """

    # Only types from outside this package set it.
    __slots__ = ("_frozen",)

    _frozen: bool

    # The slots of the base type, and the slots that a type adds, with their values in an
    # instance that was made without them.
    _fields: ClassVar[tuple[str, ...]] = ()
    _extras: ClassVar[Mapping[str, Any]] = {}
    # Those of the added slots that never leave the process: secrets.
    _private: ClassVar[frozenset[str]] = frozenset()
    # A subclass of the same layout that can be assigned to; None for types from outside.
    _draft: ClassVar[type[Any] | None] = None
    # What a draft becomes.
    _final: ClassVar[type[Any]]

    def __new__(cls: type[F], *args: Any, **kwargs: Any) -> F:
        return _new(cls._draft or cls)

    def __init_subclass__(
        cls, *, draft_of: type[Any] | None = None, seals_itself: bool = False, **kwargs: Any
    ) -> None:
        super().__init_subclass__(**kwargs)
        if draft_of is not None:
            cls._final = draft_of
            return
        if "__init__" in cls.__dict__ and not seals_itself:
            cls.__init__ = _sealing(cls.__init__)  # type: ignore[method-assign]
        if cls.__module__.startswith(_PACKAGE) and not cls.__dictoffset__:
            cls._final = cls
            cls._draft = _draft_type(cls)
            return
        cls._draft = None
        if _is_ours(cls, "__setattr__"):
            cls.__setattr__ = _assign_to_draft  # type: ignore[method-assign]
            cls.__delattr__ = _delete_from_draft  # type: ignore[method-assign]

    def copy(self: F) -> F:
        """Return an equal one."""
        new = self._thawed()
        if self._draft is not None:
            new.__class__ = self.__class__
        return new

    def _replace(self: F, **changes: Any) -> F:
        """Return a copy with other attributes."""
        new = self._thawed()
        for name, value in changes.items():
            setattr(new, name, value)
        if self._draft is not None:
            new.__class__ = self.__class__
        return new

    def _thawed(self: F) -> F:
        """Return a copy that can be assigned to; of this package's types it is a draft."""
        new: F = _new(self._draft or type(self))
        for name in (*self._fields, *self._extras):
            object.__setattr__(new, name, getattr(self, name))
        if self._draft is None:
            # The type may have a say in what a copy keeps, as it has for pickles.
            state = _state_of(self)
            if hasattr(new, "__setstate__"):
                new.__setstate__(state)
            else:
                new.__dict__.update(state)
        return new

    def _seal(self: F) -> F:
        """Freeze a draft; a state does it with each result that it takes."""
        cls = self.__class__
        if cls._draft is None:
            object.__setattr__(self, "_frozen", True)
        elif cls._final is not cls:
            self.__class__ = cls._final
        return self

    def __setattr__(self, name: str, value: Any) -> None:
        raise ImmutableError(
            f"A {type(self).__name__} is immutable, its {name} cannot be assigned; from_value(), "
            "with_location() and the class itself make another one"
        )

    def __delattr__(self, name: str) -> None:
        raise ImmutableError(f"A {type(self).__name__} is immutable, its {name} cannot be deleted")

    def __copy__(self: F) -> F:
        return self.copy()

    def __reduce__(self) -> Any:
        if self._draft is not None:
            return _rebuild, (type(self), self._portable())
        return _rebuild, (type(self), self._portable()), _state_of(self)

    def _portable(self) -> dict[str, Any]:
        """The attributes in slots, as they may leave the process."""
        slots = {name: getattr(self, name) for name in (*self._fields, *self._extras)}
        slots.update((name, self._extras[name]) for name in self._private)
        return slots


def _rebuild(cls: type[Frozen], slots: dict[str, Any]) -> Frozen:
    """Make an instance of what its `__reduce__` kept."""
    new: Frozen = _new(cls._draft or cls)
    for name, value in slots.items():
        object.__setattr__(new, name, value)
    return new if cls._draft is None else new._seal()


def _draft_type(cls: type[Any]) -> type[Any]:
    """A subclass with the same layout whose instances can be assigned to, and become the class."""
    body = {
        "__slots__": (),
        "__module__": cls.__module__,
        "__setattr__": object.__setattr__,
        "__delattr__": object.__delattr__,
    }
    make: Any = type(cls)
    draft: type[Any] = make(f"_{cls.__name__}Draft", (cls,), body, draft_of=cls)
    return draft


def _is_ours(cls: type, name: str) -> bool:
    """Whether a class has a method from this package, the one of drafts from outside apart."""
    home = next(base for base in cls.__mro__ if name in base.__dict__)
    return home.__module__.startswith(_PACKAGE) and home.__dict__[name] is not _assign_to_draft


def _sealing(init: Callable[..., None]) -> Callable[..., None]:
    """An `__init__` that freezes the instance when the outermost one is done."""

    @functools.wraps(init)
    def __init__(self: Frozen, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        if type(self).__init__ is __init__:
            self._seal()

    return __init__


def _assign_to_draft(self: Frozen, name: str, value: Any) -> None:
    if getattr(self, "_frozen", False):
        Frozen.__setattr__(self, name, value)
    object.__setattr__(self, name, value)


def _delete_from_draft(self: Frozen, name: str) -> None:
    if getattr(self, "_frozen", False):
        Frozen.__delattr__(self, name)
    object.__delattr__(self, name)


def _state_of(instance: Frozen) -> dict[str, Any]:
    """What a type from outside adds to the slots of ours, as it wants it pickled."""
    state = dict(getattr(instance, "__dict__", ()))
    for cls in type(instance).__mro__:
        if cls is Frozen:
            break
        if "__getstate__" in cls.__dict__:
            return cls.__getstate__(instance)  # type: ignore[attr-defined, no-any-return]
        if not cls.__module__.startswith(_PACKAGE):
            names = cls.__dict__.get("__slots__", ())
            for name in (names,) if isinstance(names, str) else names:
                if hasattr(instance, name):
                    state[name] = getattr(instance, name)
    return state
