"""What a Result is: an immutable value, how it becomes data, and where the data lies.

Not here: result types that store something, their registry, what types of users need (`foreign`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from prefect_results.results import foreign, inline
from prefect_results.results.equality import same_value
from prefect_results.results.frozen import Frozen
from prefect_results.results.location import Planned, fill, unique_token, utc_today
from prefect_results.serializers import PickleSerializer, Serializer

if TYPE_CHECKING:
    import logging
    from typing import TypeAlias

    Location: TypeAlias = str | Callable[..., str]

R = TypeVar("R", bound="Result")

_PICKLE = PickleSerializer()
_new = object.__new__
_NOT_IMPLEMENTED = (
    "Not implemented on the base Result class - if you are seeing this error you might be trying "
    "to use features that require choosing a Result subclass; see the types in "
    "prefect_results.results, and https://docs.prefect.io/core/concepts/results.html"
)


class ResultNotImplementedError(NotImplementedError):
    """The type of a result has no such feature; the base `Result` cannot read or write."""


class Result(Frozen, seals_itself=True):
    """The outcome of a task: a value, how it becomes data, and where that data lies (PIN-4).

    A Result is immutable: each method returns a new one. Nothing is read, written or serialized
    before a method that says so is called; comparing or printing a Result does none of it.

    A subclass may assign its own attributes in its `__init__`. Subclasses written for Prefect
    1.4.1, which assign to a copy (`new = self.copy(); new.value = ...; return new`), work too:
    copies of types from outside this package stay assignable until a state takes them.

    Args:
        value: the value, or, when `serialized`, the JSON-compatible object that stands for it.
        location: where the data lies, or will: a text, a `str.format` template, or a callable
            that takes the template's values as keyword arguments and returns the location. None
            means that `default_location` is used for writing.
        serializer: turns values into bytes, or JSON, and back; `PickleSerializer()` by default.
        serialized: whether `value` is in its serialized form.
    """

    __slots__ = ("_formatter", "_stored", "location", "serialized", "serializer", "value")

    value: Any
    location: str | None
    serializer: Serializer
    serialized: bool
    _formatter: Callable[..., str] | None
    # Whether the bytes of the value are known to lie at the location; their number and digest,
    # where these are known.
    _stored: bool | tuple[int | None, str | None]

    # Names of the attributes that travel in the wire form beside location and serializer.
    wire_fields: ClassVar[tuple[str, ...]] = ()
    _default_serializer: ClassVar[Serializer] = _PICKLE
    _fields = ("value", "location", "serializer", "serialized", "_formatter", "_stored")

    def __init__(
        self,
        value: Any = None,
        location: Location | None = None,
        serializer: Serializer | None = None,
        *,
        serialized: bool = False,
    ) -> None:
        self.value = value
        self.serializer = self._default_serializer if serializer is None else serializer
        self.serialized = serialized
        if location is None or isinstance(location, str):
            self.location = location
            self._formatter = None
        else:
            self.location = None
            self._formatter = location
        self._stored = serialized and location is not None
        cls = self.__class__
        if cls is Result._draft:
            self.__class__ = Result
        elif cls.__init__ is Result.__init__:
            self._seal()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls._draft is None:
            foreign.prepare(cls)

    # -- values from values ---------------------------------------------------------------------

    def from_value(self: R, value: Any) -> R:
        """Return a result of another value, with the same settings and without a location.

        Args:
            value: the value.
        """
        draft = self._draft
        if draft is None:
            return self._replace(value=value, location=None, serialized=False, _stored=False)
        new: R = _new(draft)
        new.value = value
        new.location = None
        new.serializer = self.serializer
        new.serialized = False
        new._formatter = self._formatter
        new._stored = False
        for name in self._extras:
            setattr(new, name, getattr(self, name))
        new.__class__ = self.__class__
        return new

    def planned(self: R, value: Any, values: Mapping[str, Any]) -> R:
        """Return a result of a value that, when it is written later, goes where the template says.

        Args:
            value: the value.
            values: what `names_in` the template stand for; its location is a text.
        """
        new, template = self.from_value(value), self.location
        return new if template is None else new._replace(_formatter=Planned(template, values))

    def with_location(self: R, location: Location | None) -> R:
        """Return a result with another location, template or callable; for a task's `target`.

        Args:
            location: as for the class.
        """
        if location is None or isinstance(location, str):
            return self._replace(location=location, _formatter=None, _stored=False)
        return self._replace(location=None, _formatter=location, _stored=False)

    def format(self: R, **kwargs: Any) -> R:
        """Return a result whose location is filled; `default_location` if there is no template.

        Args:
            **kwargs: the values that the template can name.

        Raises:
            UnknownTemplateName: if the template names another one (also a `KeyError`).
        """
        return self._replace(location=self._fill(kwargs))

    @property
    def default_location(self) -> str:
        """A new location that nothing lies at: the UTC date, and a unique name."""
        return f"{utc_today()}/{unique_token()}.prefect_result"

    @property
    def logger(self) -> logging.Logger:
        """The logger of this type of result."""
        return _logger(type(self).__name__)

    # -- data from values, and back -------------------------------------------------------------

    def serialize(self: R) -> R:
        """Return a result whose value is JSON-compatible; this one stays as it is.

        Types that store write the value, unless it is stored already, and keep its location; the
        base type keeps what the serializer returned inline.

        Returns:
            A serialized result; this one if it is serialized.

        Raises:
            SerializationError: if the serializer cannot handle the value.
            StorageError: if it cannot be stored.
        """
        if self._draft is None:
            self._seal()
        if self.serialized:
            return self
        if self._stored or (self.value is None and self.location is not None):
            return self._replace(value=None, serialized=True)._seal()
        return self._serialize_value()._seal()

    def deserialize(self: R) -> R:
        """Return a result whose value is the Python object again; this one stays as it is.

        Returns:
            A result that is not serialized; this one if it is not.

        Raises:
            DeserializationError, StorageError: if the value cannot be had.
        """
        if not self.serialized:
            return self
        if self.value is None:
            if self.location is None:
                return self._replace(serialized=False)
            found = self.read(self.location)
            return found._replace(serialized=False, _stored=found._stored or True)
        value = inline.decode(self.value, self.serializer, type(self).__name__)
        return self._replace(value=value, serialized=False)

    def read(self: R, location: str) -> R:
        """Return a result with the value that lies at a location.

        Raises:
            ResultNotImplementedError: on the base class.
        """
        raise ResultNotImplementedError(_NOT_IMPLEMENTED)

    def write(self: R, value_: Any, **kwargs: Any) -> R:
        """Store a value; return a result with the value and its filled location.

        Args:
            value_: the value.
            **kwargs: the values that the location's template can name.

        Raises:
            ResultNotImplementedError: on the base class.
        """
        raise ResultNotImplementedError(_NOT_IMPLEMENTED)

    def exists(self, location: str, **kwargs: Any) -> bool:
        """Whether a value lies at a location; not whether it can be read.

        Args:
            location: the location, or its template.
            **kwargs: the values that the template can name.

        Raises:
            ResultNotImplementedError: on the base class.
        """
        raise ResultNotImplementedError(_NOT_IMPLEMENTED)

    # -- for this package -----------------------------------------------------------------------

    @classmethod
    def revive(
        cls: type[R],
        value: Any = None,
        location: str | None = None,
        serializer: Serializer | None = None,
        *,
        serialized: bool = True,
        **fields: Any,
    ) -> R:
        """Make a result of its wire form; touches no storage.

        Args:
            value: the serialized value, where it is inline.
            location: where the data lies.
            serializer: how it was serialized; the type's default one by default.
            serialized: whether the value is in its serialized form.
            **fields: the type's `wire_fields`.

        Raises:
            TypeError: if the fields do not fit.
        """
        draft = cls._draft
        if draft is None:
            made = cls(**fields, location=location, serializer=serializer)
            return foreign.revived(made, value, serialized)
        new: R = _new(draft)
        new.value = value
        new.location = location
        new.serializer = cls._default_serializer if serializer is None else serializer
        new.serialized = serialized
        new._formatter = None
        new._stored = serialized and location is not None
        for name, default in cls._extras.items():
            setattr(new, name, fields.pop(name, default))
        if fields:
            raise TypeError(f"{cls.__name__} has no fields {', '.join(fields)}")
        new.__class__ = cls
        return new

    def _serialize_value(self: R) -> R:
        """Serialize a value that is not stored: write it if this type writes, else inline."""
        if type(self).write is Result.write:
            value = inline.encode(self.value, self.serializer, type(self).__name__)
            return self._replace(value=value, serialized=True)
        if self.value is None:
            return self._replace(serialized=True)
        written = self.write(self.value, **inline.ambient_values())
        return written._replace(value=None, serialized=True, _stored=written._stored or True)

    def _fill(self, values: Mapping[str, Any]) -> str:
        template = self._formatter if self.location is None else self.location
        return self.default_location if template is None else fill(template, values)

    def _thawed(self: R) -> R:
        """Return a copy that can be assigned to; of this package's types it is a draft."""
        draft = self._draft
        if draft is None:
            return super()._thawed()
        new: R = _new(draft)
        new.value = self.value
        new.location = self.location
        new.serializer = self.serializer
        new.serialized = self.serialized
        new._formatter = self._formatter
        new._stored = self._stored
        for name in self._extras:
            setattr(new, name, getattr(self, name))
        return new

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if type(self) is not type(other):
            return False
        return all(map(same_value, self._facts(), other._facts()))

    def __hash__(self) -> int:
        self._seal()
        return hash((type(self), self.location))

    def __repr__(self) -> str:
        try:
            text = repr(self.value)
        except Exception as exc:
            text = f"a {type(self.value).__name__} whose repr raises {type(exc).__name__}"
        return f"<{type(self).__name__}: {text}>"

    def __setstate__(self, state: dict[str, Any]) -> None:
        foreign.restore(self, state)

    def _facts(self) -> list[Any]:
        """What makes two results of one type equal."""
        # Without a value here, being serialized says nothing about it.
        form = self.serialized and self.value is not None
        facts = [self.location, form, self.serializer, self._formatter, self.value]
        facts += [getattr(self, name) for name in self._extras if name[0] != "_"]
        if self._draft is None:
            public = {key: item for key, item in self.__dict__.items() if key[0] != "_"}
            facts.append(public)
        return facts


@functools.cache
def _logger(name: str) -> logging.Logger:
    from prefect_results.logging import get_logger

    return get_logger(name)
