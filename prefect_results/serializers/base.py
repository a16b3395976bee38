"""What a serializer is, and the registry through which serializers travel by name.

Not here: any particular format; each has a module of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from prefect_results.exceptions import DeserializationError, SerializationError

if TYPE_CHECKING:
    from typing_extensions import Self

C = TypeVar("C", bound="type[Serializer]")


class Serializer:
    """Turns Python values into bytes and back: the *how* of a result.

    Subclasses implement `serialize` and `deserialize` (the interface of Prefect 1.4.1). Those that
    have options also say them in `options`, from which equality, repr and the wire form are made.
    Those that can work on a stream override `dump` and `load`.

    Serializers are values: two of one type with equal options are equal.
    """

    def serialize(self, value: Any) -> Any:
        """Turn a value into bytes.

        Args:
            value: the value.

        Returns:
            The bytes; a `ResultSerializer` returns a JSON-compatible object instead.

        Raises:
            NotImplementedError: on the base class.
        """
        raise NotImplementedError

    def deserialize(self, value: Any) -> Any:
        """Turn what `serialize` returned into the value again.

        Args:
            value: the bytes, or JSON-compatible object, that `serialize` returned.

        Returns:
            A value equal to the one that was serialized.

        Raises:
            NotImplementedError: on the base class.
        """
        raise NotImplementedError

    def dump(self, value: Any, file: BinaryIO) -> None:
        """Write the serialized value to a binary file.

        Args:
            value: the value.
            file: where to write, from its current position on.

        Raises:
            SerializationError: if `serialize` returned no bytes.
        """
        data = self.serialize(value)
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise SerializationError(
                f"{type(self).__name__}.serialize must return bytes to be stored, but returned "
                f"{type(data).__name__}; derive from ResultSerializer to return JSON"
            )
        file.write(data)

    def load(self, file: BinaryIO) -> Any:
        """Read a value from a binary file, which holds nothing after it.

        Args:
            file: where to read, from its current position on.

        Returns:
            The value.
        """
        return self.deserialize(file.read())

    def options(self) -> dict[str, Any]:
        """The settings that make an equal serializer, as keyword arguments of the class."""
        return {}

    def config(self) -> dict[str, Any]:
        """The JSON-compatible form: `{"type": name, ...options}`.

        Options that JSON cannot hold (functions, say) are only named, under `unsendable`; what is
        loaded of that is an `UnknownSerializer`.
        """
        config: dict[str, Any] = {"type": serializer_name(type(self))}
        unsendable = []
        for key, option in self.options().items():
            if isinstance(option, Serializer):
                config[key] = option.config()
            elif _is_json(option):
                config[key] = option
            else:
                unsendable.append(key)
        if unsendable:
            config["unsendable"] = unsendable
        return config

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Self:
        """Make a serializer from the options of a wire form.

        Args:
            options: what `config` returned, without its type.

        Raises:
            TypeError, ValueError: if the options do not fit.
            LookupError: if they name what this process does not know.
        """
        return cls(**options)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.options() == other.options()

    def __hash__(self) -> int:
        return hash(type(self))

    def __repr__(self) -> str:
        options = ", ".join(f"{key}={option!r}" for key, option in self.options().items())
        return f"{type(self).__name__}({options})"


class ResultSerializer(Serializer):
    """A serializer whose `serialize` returns a JSON-compatible object instead of bytes (PIN-4).

    Inline results keep the object as it is; stored results keep it as UTF-8 JSON text.
    """

    def dump(self, value: Any, file: BinaryIO) -> None:
        """Write the serialized value to a binary file as JSON text.

        Raises:
            SerializationError: if `serialize` returned what JSON cannot hold.
        """
        import json

        data = self.serialize(value)
        try:
            text = json.dumps(data)
        except (TypeError, ValueError) as exc:
            raise SerializationError(
                f"{type(self).__name__}.serialize must return a JSON-compatible object, but "
                f"returned {type(data).__name__}: {exc}"
            ) from exc
        file.write(text.encode())

    def load(self, file: BinaryIO) -> Any:
        """Read a value from a binary file of JSON text."""
        import json

        return self.deserialize(json.loads(file.read()))


class UnknownSerializer(Serializer):
    """Stands for a serializer of a wire form whose type is not registered in this process.

    It keeps the wire form, so that the result can be passed on; using it is an error that says
    what to register.

    Args:
        config: the wire form.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = dict(config)

    def serialize(self, value: Any) -> Any:
        """Raise `SerializationError`: the serializer is not known here."""
        raise SerializationError(self._message())

    def deserialize(self, value: Any) -> Any:
        """Raise `DeserializationError`: the serializer is not known here."""
        raise DeserializationError(self._message())

    def options(self) -> dict[str, Any]:
        """The wire form that this stands for."""
        return {"config": self._config}

    def config(self) -> dict[str, Any]:
        """The wire form that this stands for."""
        return dict(self._config)

    def _message(self) -> str:
        unsendable = self._config.get("unsendable")
        if unsendable:
            return (
                f"The {self._config.get('type')} was sent without {unsendable}, which JSON cannot "
                "hold: read the value with a result that has the whole serializer"
            )
        return (
            f"The serializer {self._config.get('type')!r} is not registered in this process: "
            "import the module that defines it, which must call register_serializer"
        )


_by_name: dict[str, type[Serializer]] = {}
_names: dict[type[Serializer], str] = {}
_makers: dict[str, Callable[[], type[Serializer]]] = {}


def register_serializer(cls: C, name: str | None = None) -> C:
    """Let a serializer class travel in the wire form of results; usable as a decorator.

    Args:
        cls: the class.
        name: the name in the wire form; the class's own by default.

    Returns:
        The class.

    Raises:
        ValueError: if the name is taken by another class.
    """
    key = name or cls.__name__
    known = _by_name.get(key)
    if known is not None and known is not cls and _is_other(known, cls):
        raise ValueError(f"A serializer named {key!r} is registered already: {known!r}")
    _by_name[key] = cls
    _names[cls] = key
    return cls


def register_lazily(name: str, maker: Callable[[], type[Serializer]]) -> None:
    """Let a serializer be found by name without importing its module before it is needed."""
    _makers[name] = maker


def serializer_name(cls: type[Serializer]) -> str:
    """The name of a serializer class in wire forms; its qualified name if it is not registered."""
    return _names.get(cls) or f"{cls.__module__}.{cls.__qualname__}"


def serializer_type(name: str) -> type[Serializer] | None:
    """The registered class of a name, `None` if there is none."""
    known = _by_name.get(name)
    if known is None and name in _makers:
        known = _makers[name]()
    return known


def serializer_from_config(config: Mapping[str, Any]) -> Serializer:
    """Make a serializer from its wire form; nothing is imported because a payload names it.

    Args:
        config: what `Serializer.config` returned.

    Returns:
        The serializer; an `UnknownSerializer` if the type is well-formed but not registered.

    Raises:
        DeserializationError: if the form is malformed.
    """
    if not isinstance(config, Mapping) or not isinstance(config.get("type"), str):
        raise DeserializationError(
            f"A serializer's wire form is an object with a type, not {config!r:.100}"
        )
    cls = serializer_type(config["type"])
    if cls is None or "unsendable" in config:
        return UnknownSerializer(config)
    options = {key: option for key, option in config.items() if key != "type"}
    try:
        return cls.from_options(options)
    except LookupError:
        return UnknownSerializer(config)
    except (TypeError, ValueError, ImportError) as exc:
        raise DeserializationError(
            f"The options of the serializer {config['type']!r} do not fit: {exc}"
        ) from exc


def _is_json(option: Any) -> bool:
    """Whether JSON holds an option as it is."""
    if isinstance(option, dict):
        return all(isinstance(key, str) and _is_json(item) for key, item in option.items())
    if isinstance(option, list):
        return all(map(_is_json, option))
    return option is None or isinstance(option, (str, int, float, bool))


def _is_other(known: type, cls: type) -> bool:
    """Whether two classes are different ones, not one whose module was run again."""
    return (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__)
