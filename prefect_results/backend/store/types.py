"""Column types that behave alike on SQLite and PostgreSQL.

What belongs here: how an id, a moment and a JSON document look in a column. What does not: which
columns there are (`schema`) and when anything is written (`sql`).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Dialect, String, Text, TypeDecorator, Uuid
from sqlalchemy.types import TypeEngine

from prefect_results.text import storable


def _encoder() -> Callable[[Any], str]:
    encoder = json.JSONEncoder(separators=(",", ":"))
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:
        return encoder.encode
    # What `encode` makes anew for each document; making it once saves a third of the time.
    quote = json.encoder.encode_basestring_ascii
    chunks = make(None, encoder.default, quote, None, ":", ",", False, False, True)
    return lambda document: "".join(chunks(document, 0))


_decoder = json.JSONDecoder()
encode_json = _encoder()
"""Compact JSON text in ASCII, so that no database refuses a character of it."""


def encode_moment(value: datetime) -> str:
    """Return a moment as fixed-width ISO 8601 text in UTC, which sorts as the moments do.

    Args:
        value: A timezone-aware datetime.

    Raises:
        ValueError: `value` has no timezone.
    """
    return as_utc(value).isoformat(timespec="microseconds")


def as_utc(value: datetime) -> datetime:
    """Return the same moment as a plain `datetime` in UTC.

    Raises:
        ValueError: `value` has no timezone.
    """
    if value.tzinfo is timezone.utc:
        return value
    if value.tzinfo is None:
        raise ValueError(f"expected a timezone-aware datetime, got {value!r}; add a timezone")
    return value.astimezone(timezone.utc)


def clean_text(value: str | None) -> str | None:
    """Return text that every database stores: no NUL and no lone surrogate is left in it."""
    return None if value is None else storable(value)


class Identifier(TypeDecorator[str]):
    """A UUID: the native type on PostgreSQL, 36 characters on SQLite, a `str` in Python.

    What cannot be a UUID is compared as NULL, so that looking for it finds nothing on either.
    """

    impl = String(36)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the native type where there is one."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(Uuid(as_uuid=False))
        return dialect.type_descriptor(String(36))

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Accept a `UUID` or its text in any case."""
        return None if value is None else normalize_id(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> None:
        """Leave ids as they are: `sql.database` has the driver return them as text."""
        return None


def normalize_id(value: object) -> str | None:
    """Return a UUID (or its text, however written) in canonical form, or None if it is none."""
    if isinstance(value, UUID):
        return str(value)
    try:
        return str(UUID(value)) if isinstance(value, str) else None
    except ValueError:
        return None


class Moment(TypeDecorator[datetime]):
    """A timezone-aware moment, always UTC in Python; sortable ISO 8601 text on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose text where the database has no type for moments."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(32))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuse a datetime without a timezone."""
        if value is None:
            return None
        return encode_moment(value) if dialect.name == "sqlite" else as_utc(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        """Return plain `datetime`s in UTC."""
        if dialect.name == "sqlite":
            parse = datetime.fromisoformat  # it was written in UTC
            return lambda value: None if value is None else parse(value)
        return lambda value: None if value is None else value.astimezone(timezone.utc)


class Document(TypeDecorator[Any]):
    """A JSON document, kept as the text that was written: key order, NaN and NUL included.

    None is NULL, not the JSON document `null`.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Encode the document."""
        return None if value is None else encode_json(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        """Decode the document."""
        decode = _decoder.raw_decode  # `decode` looks for blanks, of which we write none
        return lambda value: None if value is None else decode(value)[0]


class Words(TypeDecorator[str]):
    """Text written by people and programs, without what a database refuses to store."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Replace what cannot be stored."""
        return clean_text(value)
