"""Reading tables: one statement for each table that a request selects, whatever the rows' number.

What belongs here: statements, rows, and the response's objects. What does not: reading the request
(`planning`). A relation is read for all rows it starts from at once, and only columns that were
asked for, or that rows are joined by, are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, FromClause, Select, Text, func, select, type_coerce

from prefect_results.backend.store.sql.rows import chunks
from prefect_results.backend.store.types import Moment
from prefect_results.server.conditions import Conditions, contains
from prefect_results.server.errors import RequestRefused
from prefect_results.server.model import Aliases, Entity, Relation
from prefect_results.server.ordering import Orders, check_distinct, order
from prefect_results.server.plans import Arguments, Counting, CountPlan, Plan

MAX_ROWS = 500_000
"""How many rows one request may read."""

_KEYS = 5_000  # how many parents' rows one statement reads
_BY_ID: Orders = [(("id",), "asc")]

Row = dict[str, Any]


class Fetcher:
    """Reads what plans say over one connection."""

    def __init__(self, connection: Connection, max_rows: int = MAX_ROWS) -> None:
        """Begin a request.

        Args:
            connection: To the database.
            max_rows: How many rows the request may read.
        """
        self._connection = connection
        self._dialect = connection.dialect.name
        self._aliases = Aliases()
        self._conditions = Conditions(self._dialect, self._aliases)
        self._left = self._most = max_rows
        if self._dialect == "sqlite":
            driver: Any = connection.connection.driver_connection
            driver.create_function("jsonb_contains", 2, contains, deterministic=True)

    def rows(self, plan: Plan) -> list[Row]:
        """Return the rows of a plan, with everything below them, as the response has them.

        Raises:
            RequestRefused: There are too many, or a condition is out of bounds.
        """
        table = self._aliases.of(plan.entity)
        columns = _columns(plan)
        query = self._statement(plan.entity, table, columns, plan.arguments)
        return self._objects(plan, columns, self._read(query, plan.arguments.limit))

    def count(self, plan: CountPlan) -> Row:
        """Return counts of rows as the response has them."""
        found = {}
        for counting in _countings(plan):
            rows = self._countable(plan, counting).subquery()
            total = select(func.count()).select_from(rows)
            found[counting] = self._connection.execute(total).scalar_one()
        return _shaped(plan, found)

    def _statement(
        self,
        entity: Entity,
        table: FromClause,
        columns: Iterable[str],
        arguments: Arguments,
        link: str | None = None,
        keys: Sequence[Any] = (),
    ) -> Select[Any]:
        """Return the statement for some columns of rows.

        Args:
            entity: What the rows are.
            table: An alias of its table.
            columns: The columns.
            arguments: Which rows.
            link: Of a relation, the column that holds the values it starts from.
            keys: These values.
        """
        query = select(*(self._raw(table.c[name]) for name in columns))
        if link is not None:
            query = query.where(table.c[link].in_(keys))
        query = query.where(self._conditions.of(entity, table, arguments.where))
        if arguments.distinct:
            query = query.where(table.c.id.in_(self._first_of_alike(entity, arguments, link, keys)))
        # Pages of rows that are alike must not overlap, so the id decides.
        wanted = [*arguments.orders, *_BY_ID] if arguments.paged else arguments.orders
        orders = order(entity, table, wanted, self._dialect, self._aliases)
        if not arguments.paged:
            return query.order_by(*orders)
        if link is None:
            query = query.order_by(*orders)
            query = query if arguments.limit is None else query.limit(arguments.limit)
            return query.offset(arguments.offset) if arguments.offset else query
        place = func.row_number().over(partition_by=table.c[link], order_by=orders)
        ranked = query.add_columns(place.label("place_")).subquery()
        page = select(*list(ranked.c)[:-1]).where(ranked.c.place_ > arguments.offset)
        if arguments.limit is not None:
            page = page.where(ranked.c.place_ <= arguments.offset + arguments.limit)
        return page.order_by(ranked.c.place_)

    def _first_of_alike(
        self, entity: Entity, arguments: Arguments, link: str | None, keys: Sequence[Any]
    ) -> Select[Any]:
        """Select the ids of the first rows of those that `distinct_on` finds alike."""
        check_distinct(arguments.distinct, arguments.orders)
        rows = self._aliases.of(entity)
        first = order(entity, rows, [*arguments.orders, *_BY_ID], self._dialect, self._aliases)
        alike = [rows.c[name] for name in ((link,) if link else ()) + arguments.distinct]
        place = func.row_number().over(partition_by=alike, order_by=first).label("place_")
        matching = select(rows.c.id, place)
        if link is not None:
            matching = matching.where(rows.c[link].in_(keys))
        matching = matching.where(self._conditions.of(entity, rows, arguments.where))
        ranked = matching.subquery()
        return select(ranked.c.id).where(ranked.c.place_ == 1)

    def _raw(self, column: Any) -> Any:
        # SQLite keeps moments as the text that the response shows.
        if self._dialect == "sqlite" and isinstance(column.type, Moment):
            return type_coerce(column, Text)
        return column

    def _read(self, query: Select[Any], limit: int | None = None) -> Sequence[Any]:
        most = self._left + 1
        query = query.limit(most if limit is None else min(limit, most))
        rows = self._connection.execute(query).all()
        self._left -= len(rows)
        if self._left < 0:
            raise RequestRefused(
                f"The query reads more than {self._most} rows; use `where` and `limit`."
            )
        return rows

    def _objects(self, plan: Plan, columns: Sequence[str], rows: Sequence[Any]) -> list[Row]:
        """Make objects of rows and read what is below them."""
        places = {name: i for i, name in enumerate(columns)}
        shown = dict(plan.columns)
        # What is no column gets its value below; the place only keeps the order of the response.
        values_of = itemgetter(*(places.get(shown.get(key, ""), 0) for key in plan.blank), 0)
        keys = tuple(plan.blank)
        moments = [
            key
            for key, name in plan.columns
            if self._dialect != "sqlite" and isinstance(plan.entity.columns[name].type, Moment)
        ]
        objects: list[Row] = [dict(zip(keys, values_of(row))) for row in rows]
        for key, constant in plan.blank.items():
            if constant is not None:
                for item in objects:
                    item[key] = constant
        for key in moments:
            for item in objects:
                moment: datetime | None = item[key]
                item[key] = moment and moment.isoformat()
        for key, relation, below in plan.relations:
            values = [row[places[relation.local]] for row in rows]
            found = self._related(relation, below, values)
            for item, value in zip(objects, values):
                others = found.get(value, [])
                item[key] = others if relation.many else next(iter(others), None)
        for key, relation, counted in plan.counts:
            values = [row[places[relation.local]] for row in rows]
            counts = self._related_counts(relation, counted, values)
            for item, value in zip(objects, values):
                item[key] = counts[value]
        return objects

    def _related(
        self, relation: Relation, plan: Plan, values: Iterable[Any]
    ) -> dict[Any, list[Row]]:
        """Read a relation for all values it starts from; return the objects for each."""
        columns = _columns(plan, relation.remote)
        link = columns.index(relation.remote)
        grouped: dict[Any, list[Row]] = {}
        for keys in _keys(values):
            table = self._aliases.of(plan.entity)
            query = self._statement(
                plan.entity, table, columns, plan.arguments, relation.remote, keys
            )
            rows = self._read(query)
            for row, item in zip(rows, self._objects(plan, columns, rows)):
                grouped.setdefault(row[link], []).append(item)
        return grouped

    def _related_counts(
        self, relation: Relation, plan: CountPlan, values: Sequence[Any]
    ) -> dict[Any, Row]:
        found: dict[Any, dict[Counting, int]] = {value: {} for value in values}
        for counting in _countings(plan):
            for keys in _keys(values):
                rows = self._countable(plan, counting, relation.remote, keys).subquery()
                link = rows.c[relation.remote]
                query = select(link, func.count()).group_by(link)
                for value, number in self._connection.execute(query):
                    found[value][counting] = number
        return {value: _shaped(plan, counts) for value, counts in found.items()}

    def _countable(
        self,
        plan: CountPlan,
        counting: Counting,
        link: str | None = None,
        keys: Sequence[Any] = (),
    ) -> Select[Any]:
        """Return the statement for the rows that are counted."""
        table = self._aliases.of(plan.entity)
        wanted = counting.columns or ("id",)
        names = list(dict.fromkeys([*wanted, *([link] if link else [])]))
        rows = self._statement(plan.entity, table, names, plan.arguments, link, keys)
        inner = (rows if plan.arguments.paged else rows.order_by(None)).subquery()
        query = select(*(inner.c[name] for name in names))
        query = query.where(*(inner.c[name].is_not(None) for name in wanted))
        return query.distinct() if counting.distinct else query


def _columns(plan: Plan, link: str | None = None) -> list[str]:
    """Return the columns that a plan needs, each once."""
    names = [name for _, name in plan.columns]
    names += [relation.local for _, relation, _ in plan.relations]
    names += [relation.local for _, relation, _ in plan.counts]
    return list(dict.fromkeys([*names, link] if link else names or ["id"]))


def _keys(values: Iterable[Any]) -> Iterable[list[Any]]:
    return chunks((value for value in dict.fromkeys(values) if value is not None), _KEYS)


def _countings(plan: CountPlan) -> list[Counting]:
    found: dict[Counting, None] = {}
    for inner in plan.shape.values():
        if isinstance(inner, Mapping):
            found.update({each: None for each in inner.values() if isinstance(each, Counting)})
    return list(found)


def _shaped(plan: CountPlan, counts: Mapping[Counting, int]) -> Row:
    def value(told: str | Counting) -> Any:
        return counts.get(told, 0) if isinstance(told, Counting) else told

    return {
        key: inner
        if isinstance(inner, str)
        else {name: value(told) for name, told in inner.items()}
        for key, inner in plan.shape.items()
    }
