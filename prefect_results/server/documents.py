"""Requests' documents: parsed, validated, measured, and kept for the next time.

What belongs here: what can be said of a document before it is executed. Clients of Prefect 1.4.1
send the same few mutations over and over, so the newest valid documents are kept.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import attrs
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    parse,
    validate,
)

from prefect_results.server.errors import Entry, RequestRefused
from prefect_results.server.schema import schema

MAX_TOKENS = 50_000
MAX_DEPTH = 12
MAX_INTROSPECTION_DEPTH = 20
MAX_FIELDS = 1_000
MAX_TABLES = 60
KEPT_DOCUMENTS = 512
KEPT_LENGTH = 20_000


class InvalidDocument(Exception):
    """A document that cannot be executed; carries the entries for the response's `errors`."""

    def __init__(self, entries: list[Entry]) -> None:
        super().__init__(entries)
        self.entries = entries


@attrs.frozen
class Document:
    """A valid document within the limits."""

    node: DocumentNode
    operations: dict[str | None, OperationDefinitionNode]
    fragments: dict[str, FragmentDefinitionNode]

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """Return the operation to execute.

        Raises:
            RequestRefused: There is none of that name, or several and no name is given.
        """
        if name and name not in self.operations:
            raise RequestRefused(f"Unknown operation named {name!r}.")
        if not name and len(self.operations) != 1:
            raise RequestRefused("Must provide operation name if query has several operations.")
        found = self.operations[name] if name else next(iter(self.operations.values()))
        if found.operation is OperationType.SUBSCRIPTION:
            raise RequestRefused("This server has no subscription type.")
        return found


def load(text: str) -> Document:
    """Return a document, parsed and validated.

    Args:
        text: As the request has it.

    Raises:
        InvalidDocument: It is not valid GraphQL, does not fit the schema, or exceeds a limit.
    """
    return _kept(text) if len(text) <= KEPT_LENGTH else _load(text)


def _load(text: str) -> Document:
    try:
        node = parse(text, max_tokens=MAX_TOKENS)
        errors = validate(schema(), node, max_errors=20)
    except GraphQLError as exc:
        raise InvalidDocument([described(exc, "GRAPHQL_PARSE_FAILED")]) from exc
    except RecursionError as exc:
        refused = GraphQLError(f"The document is nested more than {MAX_DEPTH} deep.")
        raise InvalidDocument([described(refused, "GRAPHQL_PARSE_FAILED")]) from exc
    if errors:
        code = "GRAPHQL_VALIDATION_FAILED"
        raise InvalidDocument([described(error, code) for error in errors])
    parts = node.definitions
    operations = {
        part.name.value if part.name else None: part
        for part in parts
        if isinstance(part, OperationDefinitionNode)
    }
    fragments = {
        part.name.value: part for part in parts if isinstance(part, FragmentDefinitionNode)
    }
    for operation in operations.values():
        _measure(operation, fragments)
    return Document(node, operations, fragments)


_kept = lru_cache(maxsize=KEPT_DOCUMENTS)(_load)


def described(error: GraphQLError, code: str) -> Entry:
    """Return the entry for an error of the GraphQL library."""
    told: dict[str, Any] = {**error.formatted}
    told["extensions"] = {**(error.extensions or {}), "code": code}
    return told


@attrs.frozen
class _Size:
    depth: int = 0
    fields: int = 0
    tables: int = 0


def _measure(
    operation: OperationDefinitionNode, fragments: dict[str, FragmentDefinitionNode]
) -> None:
    plain, introspection = _Measure(fragments), _Measure(fragments)
    size = plain.of(operation.selection_set, skip_introspection=True)
    inner = introspection.of(operation.selection_set)
    for what, found, limit in (
        ("levels deep", size.depth, MAX_DEPTH),
        ("levels deep", inner.depth, MAX_INTROSPECTION_DEPTH),
        ("fields long", inner.fields, MAX_FIELDS),
        ("tables wide", size.tables, MAX_TABLES),
    ):
        if found > limit:
            refused = GraphQLError(f"The query is {found} {what}; at most {limit} are allowed.")
            raise InvalidDocument([described(refused, "QUERY_TOO_COMPLEX")])


class _Measure:
    """Sizes of selections; each fragment is measured once, however often it is spread."""

    def __init__(self, fragments: dict[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._known: dict[str, _Size] = {}

    def of(self, selection: SelectionSetNode, skip_introspection: bool = False) -> _Size:
        depth = fields = tables = 0
        for node in selection.selections:
            if isinstance(node, FieldNode):
                if skip_introspection and node.name.value.startswith("__"):
                    continue
                below = node.selection_set
                inner = self.of(below, skip_introspection) if below else _Size()
                size = _Size(inner.depth + 1, inner.fields + 1, inner.tables + (1 if below else 0))
            elif isinstance(node, FragmentSpreadNode):
                size = self._fragment(node.name.value, skip_introspection)
            else:
                size = self.of(node.selection_set, skip_introspection)  # type: ignore[attr-defined]
            depth = max(depth, size.depth)
            fields += size.fields
            tables += size.tables
        return _Size(depth, fields, tables)

    def _fragment(self, name: str, skip_introspection: bool) -> _Size:
        if name not in self._known:
            selection = self._fragments[name].selection_set
            self._known[name] = self.of(selection, skip_introspection)
        return self._known[name]
