"""From a field of the request to the plan of what to read.

What belongs here: fields of tables. What does not: fields of declared operations (`execution`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
from graphql import FieldNode, GraphQLField, GraphQLObjectType, get_named_type
from graphql.execution.values import get_argument_values

from prefect_results.server.errors import RequestRefused
from prefect_results.server.model import Entity, Relation, entities
from prefect_results.server.ordering import written_orders
from prefect_results.server.plans import Arguments, Counting, CountPlan, Plan
from prefect_results.server.selection import Reader, Selected


@attrs.frozen
class Planner:
    """Plans the fields of one operation.

    Attributes:
        reader: Reads its selections.
        variables: Its variables as the GraphQL library coerced them.
        raw_variables: Its variables as they came.
    """

    reader: Reader
    variables: Any
    raw_variables: Mapping[str, Any]

    def plan(self, entity: Entity, field: GraphQLField, selected: Selected) -> Plan:
        """Return the plan for a field that leads to rows of an entity."""
        kind = _object_type(field)
        blank: dict[str, str | None] = {}
        columns: list[tuple[str, str]] = []
        relations: list[tuple[str, Relation, Plan]] = []
        counts: list[tuple[str, Relation, CountPlan]] = []
        for item in self.reader.below(selected):
            key, name = item.key, item.name
            blank[key] = kind.name if name == "__typename" else None
            if name in entity.columns:
                columns.append((key, name))
            elif name in entity.relations:
                relation = entity.relations[name]
                target = entities()[relation.entity]
                relations.append((key, relation, self.plan(target, kind.fields[name], item)))
            elif name != "__typename":
                relation = entity.relations[name.removesuffix("_aggregate")]
                target = entities()[relation.entity]
                counts.append((key, relation, self.count(target, kind.fields[name], item)))
        return Plan(
            entity=entity,
            arguments=self._arguments(field, selected.nodes[0]),
            blank=blank,
            columns=tuple(columns),
            relations=tuple(relations),
            counts=tuple(counts),
        )

    def by_key(self, entity: Entity, field: GraphQLField, selected: Selected) -> Plan:
        """Return the plan for a field that leads to the row with a primary key."""
        keys = get_argument_values(field, selected.nodes[0], self.variables)
        where = {name: {"_eq": value} for name, value in keys.items()}
        found = self.plan(entity, field, selected)
        return attrs.evolve(found, arguments=Arguments(where=where))

    def count(self, entity: Entity, field: GraphQLField, selected: Selected) -> CountPlan:
        """Return the plan for a field that leads to counts of an entity's rows."""
        kind = _object_type(field)
        shape: dict[str, Any] = {}
        for outer in self.reader.below(selected):
            if outer.name == "__typename":
                shape[outer.key] = kind.name
                continue
            inner_kind = _object_type(kind.fields[outer.name])
            shape[outer.key] = {
                item.key: inner_kind.name
                if item.name == "__typename"
                else self._counting(inner_kind.fields[item.name], item.nodes[0])
                for item in self.reader.below(outer)
            }
        return CountPlan(entity, self._arguments(field, selected.nodes[0]), shape)

    def _counting(self, field: GraphQLField, node: FieldNode) -> Counting:
        given = get_argument_values(field, node, self.variables)
        return Counting(tuple(given.get("columns") or ()), bool(given.get("distinct")))

    def _arguments(self, field: GraphQLField, node: FieldNode) -> Arguments:
        if "where" not in field.args:
            return Arguments()
        given = get_argument_values(field, node, self.variables)
        orders = next((a.value for a in node.arguments or () if a.name.value == "order_by"), None)
        limit, offset = given.get("limit"), given.get("offset") or 0
        if offset < 0 or (limit is not None and limit < 0):
            raise RequestRefused("`limit` and `offset` must not be negative.")
        return Arguments(
            where=given.get("where"),
            orders=written_orders(orders, self.raw_variables),
            limit=limit,
            offset=offset,
            distinct=tuple(given.get("distinct_on") or ()),
        )


def _object_type(field: GraphQLField) -> GraphQLObjectType:
    kind = get_named_type(field.type)
    assert isinstance(kind, GraphQLObjectType)
    return kind
