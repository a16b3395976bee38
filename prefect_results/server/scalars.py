"""The scalar types of the API, and which of them a column has.

What belongs here: reading values from requests. What does not: writing them into responses, which
is a matter of the column (`fetching`). Tables use the names of PostgreSQL's types, inputs of
mutations those of Prefect Server.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any
from uuid import UUID

from dateutil.parser import isoparse
from graphql import (
    GraphQLBoolean,
    GraphQLFloat,
    GraphQLInt,
    GraphQLScalarType,
    GraphQLString,
    ValueNode,
    value_from_ast_untyped,
)
from sqlalchemy import Boolean, Column, Float, Integer

from prefect_results.backend.store.types import Document, Identifier, Moment, as_utc
from prefect_results.server.errors import RequestRefused


def _as_uuid(value: Any) -> str:
    try:
        return str(UUID(value))
    except (ValueError, TypeError, AttributeError):
        raise RequestRefused(f"invalid input syntax for type uuid: {_shown(value)}") from None


def _as_moment(value: Any) -> datetime:
    try:
        moment: datetime = isoparse(value)
    except (ValueError, TypeError, AttributeError, OverflowError):
        raise RequestRefused(
            f"invalid input syntax for type timestamp with time zone: {_shown(value)}; expected "
            "ISO 8601"
        ) from None
    return as_utc(moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc))


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _unchanged(value: Any) -> Any:
    return value


def _text_scalar(name: str, parse: Any, description: str) -> GraphQLScalarType:
    def parse_literal(node: ValueNode, variables: Any = None) -> Any:
        return parse(getattr(node, "value", None))

    return GraphQLScalarType(
        name, parse_value=parse, parse_literal=parse_literal, description=description
    )


def _json_scalar(name: str, description: str) -> GraphQLScalarType:
    def parse_literal(node: ValueNode, variables: Any = None) -> Any:
        return value_from_ast_untyped(node, variables)

    return GraphQLScalarType(
        name,
        parse_value=_unchanged,
        parse_literal=parse_literal,
        description=description,
    )


UUID_COLUMN = _text_scalar("uuid", _as_uuid, "A UUID as text.")
MOMENT_COLUMN = _text_scalar(
    "timestamptz", _as_moment, "A moment, ISO 8601; one without a timezone is meant in UTC."
)
JSON_COLUMN = _json_scalar("jsonb", "Any JSON document.")
UUID_INPUT = _text_scalar("UUID", _as_uuid, "The same as `uuid`.")
MOMENT_INPUT = _text_scalar("DateTime", _as_moment, "The same as `timestamptz`.")
JSON_INPUT = _json_scalar("JSON", "The same as `jsonb`.")

INPUTS = {
    scalar.name: scalar
    for scalar in (
        *(UUID_INPUT, MOMENT_INPUT, JSON_INPUT),
        *(GraphQLString, GraphQLInt, GraphQLBoolean, GraphQLFloat),
    )
}
"""The scalars that mutations use, by name."""


def scalar_of(column: Column[Any]) -> GraphQLScalarType:
    """Return the scalar type of a column."""
    kind = column.type
    if isinstance(kind, Identifier):
        return UUID_COLUMN
    if isinstance(kind, Moment):
        return MOMENT_COLUMN
    if isinstance(kind, Document):
        return JSON_COLUMN
    if isinstance(kind, Boolean):
        return GraphQLBoolean
    if isinstance(kind, Integer):
        return GraphQLInt
    if isinstance(kind, Float):
        return GraphQLFloat
    return GraphQLString
