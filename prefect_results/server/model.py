"""What the API shows of the tables: entities, their columns, and relations both ways.

What belongs here: names, derived from the tables' columns and foreign keys. What does not: types of
GraphQL (`table_types`) and SQL (`conditions`, `fetching`). The names are those of Prefect Server: a
foreign key `flow_run_id` is the relation `flow_run` of its table, and on the other side the
relation `task_runs` of `flow_run`.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

import attrs
from sqlalchemy import Column, FromClause, Table

from prefect_results.backend.store.schema import metadata

_OTHER_SIDES = {
    ("flow_run_state", "flow_run_id"): "states",
    ("task_run_state", "task_run_id"): "states",
    ("edge", "upstream_task_id"): "downstream_edges",
    ("edge", "downstream_task_id"): "upstream_edges",
    ("task_run_artifact", "task_run_id"): "artifacts",
}
"""Names of relations to many that are not the plural of the table."""


@attrs.frozen
class Relation:
    """A way from the rows of one table to those of another.

    Attributes:
        name: What the API calls it.
        local: The column of the table it starts from.
        entity: Name of the entity it leads to.
        remote: The column there that equals `local`.
        many: Whether it leads to any number of rows, or to one at most.
        optional: Whether a relation to one may lead nowhere.
    """

    name: str
    local: str
    entity: str
    remote: str
    many: bool
    optional: bool = False


@attrs.frozen
class Entity:
    """A table as the API shows it."""

    name: str
    table: Table
    columns: dict[str, Column[Any]]
    relations: dict[str, Relation]


@cache
def entities() -> dict[str, Entity]:
    """Return all entities by name, those that others refer to first."""
    found = {
        table.name: Entity(table.name, table, dict(table.columns.items()), {})
        for table in metadata.sorted_tables
    }
    for name, entity in found.items():
        for column in entity.columns.values():
            for key in column.foreign_keys:
                target = found[key.column.table.name]
                forward = column.name.removesuffix("_id")
                entity.relations[forward] = Relation(
                    name=forward,
                    local=column.name,
                    entity=target.name,
                    remote=key.column.name,
                    many=False,
                    optional=bool(column.nullable),
                )
                back = _OTHER_SIDES.get((name, column.name), f"{name}s")
                target.relations[back] = Relation(
                    name=back, local=key.column.name, entity=name, remote=column.name, many=True
                )
    return found


class Aliases:
    """Names for tables within the statements of one request, no two alike.

    The same request gets the same names again: an alias is dear to make, and a statement with the
    same names is compiled once.
    """

    def __init__(self) -> None:
        self._count = 0

    def of(self, entity: Entity) -> FromClause:
        """Return an alias of an entity's table that the request has not used yet."""
        self._count += 1
        return _alias(entity.name, self._count)


@lru_cache(maxsize=2048)
def _alias(name: str, number: int) -> FromClause:
    return entities()[name].table.alias(f"{name}_{number}")
