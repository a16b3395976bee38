"""GraphQL types of the tables: rows, conditions, orders, counts.

What belongs here: what follows from an entity. What does not: what is behind no table (`schema`).
The names of types and arguments are those that Hasura gives in Prefect Server.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLString,
)

from prefect_results.server.model import Entity, entities
from prefect_results.server.scalars import JSON_COLUMN, scalar_of

EQUAL = ("_eq", "_neq")
ORDERED = ("_gt", "_gte", "_lt", "_lte")
AMONG = ("_in", "_nin")
LIKE = ("_like", "_nlike", "_ilike", "_nilike")

DIRECTIONS = (
    *("asc", "asc_nulls_first", "asc_nulls_last"),
    *("desc", "desc_nulls_first", "desc_nulls_last"),
)


def _many(kind: Any) -> Any:
    return GraphQLList(GraphQLNonNull(kind))


def _non_null_list(kind: Any) -> Any:
    return GraphQLNonNull(_many(kind))


class TableTypes:
    """The types of all entities; they refer to each other, so they are made together."""

    def __init__(self) -> None:
        self.direction = GraphQLEnumType("order_by", {name: name for name in DIRECTIONS})
        self._comparisons: dict[str, GraphQLInputObjectType] = {}
        self.columns: dict[str, GraphQLEnumType] = {}
        self.conditions: dict[str, GraphQLInputObjectType] = {}
        self.orders: dict[str, GraphQLInputObjectType] = {}
        self.rows: dict[str, GraphQLObjectType] = {}
        self.counts: dict[str, GraphQLObjectType] = {}
        for name, entity in entities().items():
            self.columns[name] = GraphQLEnumType(
                f"{name}_select_column", {column: column for column in entity.columns}
            )
            self.conditions[name] = GraphQLInputObjectType(
                f"{name}_bool_exp", partial(self._condition_fields, entity)
            )
            self.orders[name] = GraphQLInputObjectType(
                f"{name}_order_by", partial(self._order_fields, entity)
            )
            self.rows[name] = GraphQLObjectType(name, partial(self._row_fields, entity))
            self.counts[name] = self._count_type(name)

    def arguments(self, name: str) -> dict[str, GraphQLArgument]:
        """Return the arguments of a field that leads to many rows of an entity."""
        return {
            "where": GraphQLArgument(self.conditions[name]),
            "order_by": GraphQLArgument(_many(self.orders[name])),
            "limit": GraphQLArgument(GraphQLInt),
            "offset": GraphQLArgument(GraphQLInt),
            "distinct_on": GraphQLArgument(_many(self.columns[name])),
        }

    def query_fields(self) -> dict[str, GraphQLField]:
        """Return the fields of the query type that lead to tables."""
        found = {}
        for name, entity in entities().items():
            arguments = self.arguments(name)
            found[name] = GraphQLField(_non_null_list(self.rows[name]), args=arguments)
            keys = {
                column.name: GraphQLArgument(GraphQLNonNull(scalar_of(entity.columns[column.name])))
                for column in entity.table.primary_key
            }
            found[f"{name}_by_pk"] = GraphQLField(self.rows[name], args=keys)
            found[f"{name}_aggregate"] = self._aggregate(name)
        return found

    def _aggregate(self, name: str) -> GraphQLField:
        return GraphQLField(GraphQLNonNull(self.counts[name]), args=self.arguments(name))

    def _row_fields(self, entity: Entity) -> dict[str, GraphQLField]:
        fields = {}
        for name, column in entity.columns.items():
            scalar = scalar_of(column)
            fields[name] = GraphQLField(scalar if column.nullable else GraphQLNonNull(scalar))
        for relation in entity.relations.values():
            row = self.rows[relation.entity]
            if relation.many:
                arguments = self.arguments(relation.entity)
                fields[relation.name] = GraphQLField(_non_null_list(row), args=arguments)
                fields[f"{relation.name}_aggregate"] = self._aggregate(relation.entity)
            else:
                fields[relation.name] = GraphQLField(
                    row if relation.optional else GraphQLNonNull(row)
                )
        return fields

    def _count_type(self, name: str) -> GraphQLObjectType:
        count = GraphQLField(
            GraphQLInt,
            args={
                "columns": GraphQLArgument(_many(self.columns[name])),
                "distinct": GraphQLArgument(GraphQLBoolean),
            },
        )
        fields = GraphQLObjectType(f"{name}_aggregate_fields", {"count": count})
        return GraphQLObjectType(f"{name}_aggregate", {"aggregate": GraphQLField(fields)})

    def _condition_fields(self, entity: Entity) -> dict[str, GraphQLInputField]:
        own = self.conditions[entity.name]
        fields = {
            "_and": GraphQLInputField(GraphQLList(own)),
            "_or": GraphQLInputField(GraphQLList(own)),
            "_not": GraphQLInputField(own),
        }
        for name, column in entity.columns.items():
            fields[name] = GraphQLInputField(self._comparison(scalar_of(column)))
        for relation in entity.relations.values():
            fields[relation.name] = GraphQLInputField(self.conditions[relation.entity])
        return fields

    def _order_fields(self, entity: Entity) -> dict[str, GraphQLInputField]:
        fields = {name: GraphQLInputField(self.direction) for name in entity.columns}
        for relation in entity.relations.values():
            if not relation.many:
                fields[relation.name] = GraphQLInputField(self.orders[relation.entity])
        return fields

    def _comparison(self, scalar: GraphQLScalarType) -> GraphQLInputObjectType:
        name = f"{scalar.name}_comparison_exp"
        if name not in self._comparisons:
            self._comparisons[name] = GraphQLInputObjectType(name, _comparison_fields(scalar))
        return self._comparisons[name]


def _comparison_fields(scalar: GraphQLScalarType) -> dict[str, GraphQLInputField]:
    fields = {"_is_null": GraphQLInputField(GraphQLBoolean)}
    operators: tuple[str, ...] = ("_contains",) if scalar is JSON_COLUMN else EQUAL
    if scalar is not JSON_COLUMN and scalar is not GraphQLBoolean:
        operators += ORDERED
    if scalar is GraphQLString:
        operators += LIKE
    fields.update({name: GraphQLInputField(scalar) for name in operators})
    if scalar is not JSON_COLUMN:
        fields.update({name: GraphQLInputField(_many(scalar)) for name in AMONG})
    return fields
