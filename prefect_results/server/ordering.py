"""`order_by` and `distinct_on`, to SQL.

What belongs here: the order of rows. What does not: which rows (`conditions`). As in PostgreSQL,
null counts as larger than everything, on SQLite too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from graphql import ListValueNode, ObjectValueNode, ValueNode, VariableNode
from sqlalchemy import ColumnElement, FromClause, select

from prefect_results.server.errors import RequestRefused
from prefect_results.server.model import Aliases, Entity, entities

Order = ColumnElement[Any]
Orders = list[tuple[tuple[str, ...], str]]
"""Paths to columns, over relations to one, each with a direction."""

MAX_ORDERS = 20
MAX_STEPS = 4


def written_orders(node: ValueNode | None, variables: Mapping[str, Any]) -> Orders:
    """Return the orders of an `order_by` as they follow each other in the request.

    GraphQL's own coercion puts the keys of an object in the order of its type, which loses what
    `{name: asc, version: desc}` says; so what was written is read again.

    Args:
        node: The value of the argument, already validated.
        variables: The variables of the request as they came.
    """
    found: Orders = []
    for path, direction in _written(_plain(node, variables), ()):
        if len(found) == MAX_ORDERS or len(path) > MAX_STEPS:
            raise RequestRefused(
                f"order_by takes {MAX_ORDERS} columns at most, over {MAX_STEPS - 1} relations."
            )
        found.append((path, direction))
    return found


def _plain(node: ValueNode | None, variables: Mapping[str, Any]) -> Any:
    if isinstance(node, VariableNode):
        return variables.get(node.name.value)
    if isinstance(node, ListValueNode):
        return [_plain(item, variables) for item in node.values]
    if isinstance(node, ObjectValueNode):
        return {field.name.value: _plain(field.value, variables) for field in node.fields}
    return getattr(node, "value", None)


def _written(given: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(given, list):
        for item in given:
            yield from _written(item, path)
    elif isinstance(given, Mapping):
        for name, value in given.items():
            yield from _written(value, (*path, name))
    elif given is not None:
        yield path, str(given)


def order(
    entity: Entity, rows: FromClause, orders: Orders, dialect: str, aliases: Aliases
) -> list[Order]:
    """Return the SQL for orders."""
    return [_directed(_column(entity, rows, path, aliases), each, dialect) for path, each in orders]


def _column(entity: Entity, rows: FromClause, path: tuple[str, ...], aliases: Aliases) -> Any:
    if len(path) == 1:
        return rows.c[path[0]]
    relation = entity.relations[path[0]]
    target = entities()[relation.entity]
    others = aliases.of(target)
    found = select(_column(target, others, path[1:], aliases)).where(
        others.c[relation.remote] == rows.c[relation.local]
    )
    return found.correlate_except(others).scalar_subquery()


def _directed(column: Any, direction: str, dialect: str) -> Order:
    descending = direction.startswith("desc")
    directed: Order = column.desc() if descending else column.asc()
    nulls_first = descending if "_nulls_" not in direction else direction.endswith("first")
    # Saying what is so anyway can keep a database from using an index.
    natural = descending if dialect == "postgresql" else not descending
    if nulls_first == natural or getattr(column, "nullable", True) is False:
        return directed
    return directed.nulls_first() if nulls_first else directed.nulls_last()


def check_distinct(names: Iterable[str], orders: Orders) -> None:
    """Refuse a `distinct_on` that the order does not begin with, as PostgreSQL does.

    Raises:
        RequestRefused: It does not.
    """
    wanted = set(names)
    first = {path[0] for path, _ in orders[: len(wanted)] if len(path) == 1}
    if orders and first != wanted:
        raise RequestRefused('"distinct_on" columns must match initial "order_by" columns')
