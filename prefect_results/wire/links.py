"""The marshmallow fields that name a class or lead to another schema of the wire.

Not here: fields of values (module `fields`).
"""

from __future__ import annotations

from typing import Any

from marshmallow import EXCLUDE, fields, missing

from prefect_results.version import LEGACY_VERSION
from prefect_results.wire.ordinary import QuickDump, QuickLoad, is_ordinary, known


@known
class TypeName(fields.Field):  # type: ignore[type-arg,unused-ignore]
    """The name of the class; written always, and not read, as it was read to find the schema."""

    _CHECK_ATTRIBUTE = False

    @classmethod
    def constant(cls, schema: Any) -> str | None:
        """Returns what the field writes in a schema class: `type_name`, or the class's name."""
        kind = getattr(schema.opts, "object_class", None)
        name: str | None = getattr(schema.opts, "type_name", None)
        return name or (kind.__name__ if kind else None)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return self.constant(type(self.parent))

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return missing


@known
class Version(TypeName):
    """The legacy version served; written always, never read, as in Prefect 1.4.1."""

    @classmethod
    def constant(cls, schema: Any) -> str | None:
        """Returns the version."""
        return LEGACY_VERSION


@known
class Link(fields.Nested):
    """A nested schema of the wire, with its fast path."""

    def quick_dump(self) -> QuickDump | None:
        """Returns what dumps the nested object, None where the nested schema is customised."""
        schema: Any = self.schema
        if not hasattr(schema, "quick_dump") or not schema.is_plain(False):
            return None
        quick = schema.quick_dump if is_ordinary(type(schema)) else schema.dump

        def dump(value: Any, obj: Any) -> Any:
            return quick(value)

        return dump

    def quick_load(self) -> QuickLoad | None:
        """Returns what loads the nested object, None where the nested schema is customised."""
        schema: Any = self.schema
        if self.unknown not in (None, EXCLUDE) or not hasattr(schema, "quick_load"):
            return None
        return type(schema).quick_load if schema.is_plain(False) else None
