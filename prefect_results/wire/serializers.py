"""The JSON form of serializers: the name of the type, and its options beside it.

Not here: what a serializer's options are; each says them itself (`Serializer.options`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError

from prefect_results.exceptions import DeserializationError
from prefect_results.serializers import Serializer, serializer_from_config, serializer_type
from prefect_results.wire.fields import Text
from prefect_results.wire.ordinary import Unusual, is_ordinary
from prefect_results.wire.schema import WireSchema
from prefect_results.wire.values import NotJSON, plain, shown

# Serializers without options, by name; all equal ones are as good as one.
_bare: dict[str, Serializer] = {}


class SerializerSchema(WireSchema):
    """Dumps a serializer as its configuration, and loads it from there.

    A type that is not registered in this process loads as an `UnknownSerializer`, which keeps
    the configuration and refuses to work; nothing is imported because a payload names it.
    """

    quick = True

    type = Text(required=True, metadata={"description": "Name of the type of serializer."})

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        """Returns the configuration of a serializer; see `marshmallow.Schema.dump`."""
        if self.is_plain(many) and is_ordinary(type(self)):
            return _config(obj)
        return super().dump(obj, many=many)

    def quick_dump(self, obj: Any) -> Any:
        """Returns the configuration of a serializer; only where nothing is customised."""
        return _config(obj)

    @classmethod
    def quick_load(cls, data: Any) -> Serializer:
        """Returns the serializer of an ordinary configuration.

        Raises:
            Exception: of any kind, where the ordinary path must be taken.
        """
        if data.__class__ is not dict or not is_ordinary(cls):
            raise Unusual
        if len(data) == 1:
            name = data["type"]
            known = _bare.get(name)
            if known is not None and serializer_type(name) is type(known):
                return known
            _bare[name] = known = _from_config(data)
            return known
        return _from_config(data)

    def _serialize(self, obj: Any, *, many: bool = False) -> Any:
        if many and obj is not None:
            return [self._serialize(item) for item in obj]
        config = _config(obj)
        return {
            name: option
            for name, option in config.items()
            if (self.only is None or name in self.only) and name not in self.exclude
        }

    def _deserialize(
        self,
        data: Any,
        *,
        error_store: Any,
        many: bool = False,
        partial: Any = None,
        unknown: Any = None,
        index: int | None = None,
    ) -> Any:
        if many:
            if not isinstance(data, (list, tuple)):
                error_store.store_error([self.error_messages["type"]], index=index)
                return []
            return [
                self._deserialize(item, error_store=error_store, index=number)
                for number, item in enumerate(data)
            ]
        try:
            return _from_config(data)
        except ValidationError as exc:
            error_store.store_error(exc.messages, index=index)
        return {}


def _config(serializer: Any) -> dict[str, Any]:
    """Returns the configuration of a serializer.

    Raises:
        ValidationError: if it holds what JSON cannot.
    """
    make = getattr(serializer, "config", None)
    if make is None:
        # A class of the user's own that only has the two methods, as Prefect 1.4.1 allows.
        kind = type(serializer)
        return {"type": f"{kind.__module__}.{kind.__qualname__}"}
    try:
        return plain(make())  # type: ignore[no-any-return]
    except Exception as exc:
        raise ValidationError(
            f"The options of {shown(serializer)} must be JSON compatible: {exc}."
        ) from exc


def _from_config(data: Any) -> Serializer:
    """Returns the serializer of a configuration.

    Raises:
        ValidationError: if it is malformed.
    """
    if not isinstance(data, Mapping):
        raise ValidationError({"_schema": [f"Invalid data type: {shown(data, 80)}"]})
    name = data.get("type")
    if name is None:
        raise ValidationError({"type": ["Missing data for required field."]})
    if not isinstance(name, str):
        raise ValidationError({"type": ["Not a valid string."]})
    try:
        return serializer_from_config(plain(data))
    except NotJSON as exc:
        raise ValidationError({"_schema": [f"Not a configuration: {exc}."]}) from None
    except (DeserializationError, RecursionError) as exc:
        raise ValidationError({"_schema": [str(exc)]}) from exc
    except Exception as exc:
        raise ValidationError({"_schema": [f"{type(exc).__name__}: {exc}"]}) from exc
