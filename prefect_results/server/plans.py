"""Plans: what a request wants of the tables, in the names that its response will have.

What belongs here: data between reading the request (`planning`) and reading the database
(`fetching`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from prefect_results.server.model import Entity, Relation
from prefect_results.server.ordering import Orders


@attrs.frozen
class Arguments:
    """Which rows, in what order; of a relation, counted anew for each row it starts from."""

    where: Mapping[str, Any] | None = None
    orders: Orders = attrs.Factory(list)
    limit: int | None = None
    offset: int = 0
    distinct: tuple[str, ...] = ()

    @property
    def paged(self) -> bool:
        """Whether only some of the matching rows are wanted."""
        return self.limit is not None or self.offset > 0


@attrs.frozen
class Counting:
    """What is counted: rows that have all of `columns`; different ones only, if `distinct`."""

    columns: tuple[str, ...] = ()
    distinct: bool = False


@attrs.frozen
class CountPlan:
    """Counts of an entity's rows.

    Attributes:
        shape: For each name of the response, a text, or a mapping of names to texts and counts.
    """

    entity: Entity
    arguments: Arguments
    shape: Mapping[str, str | Mapping[str, str | Counting]]


@attrs.frozen
class Plan:
    """What to read of an entity.

    Attributes:
        blank: The names of the response in order; with the texts that are the same in every row.
        columns: Names of the response with the columns they show.
        relations: Names of the response with the relations they follow, and what to read there.
        counts: The same for counts.
    """

    entity: Entity
    arguments: Arguments
    blank: Mapping[str, str | None]
    columns: tuple[tuple[str, str], ...] = ()
    relations: tuple[tuple[str, Relation, Plan], ...] = ()
    counts: tuple[tuple[str, Relation, CountPlan], ...] = ()
