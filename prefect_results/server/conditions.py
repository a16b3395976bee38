"""`where`: conditions as Hasura writes them, to SQL.

What belongs here: the operators. What does not: orders (`ordering`) and statements (`fetching`).
As with the Hasura of Prefect Server, an operator whose value is null says nothing: `{name: {_eq:
null}}` is true of every row, which the commands of Prefect 1.4.1 count on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Text,
    and_,
    cast,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSONB

from prefect_results.server.errors import RequestRefused
from prefect_results.server.model import Aliases, Entity, Relation, entities

MAX_DEPTH = 12
MAX_CONDITIONS = 500
MAX_VALUES = 30_000
"""How many values `_in` may list; SQLite takes 32,766 in a statement."""

Where = Mapping[str, Any]
Condition = ColumnElement[bool]


class Conditions:
    """Translates the conditions of one request, and bounds how many there may be."""

    def __init__(self, dialect: str, aliases: Aliases) -> None:
        """Begin a request.

        Args:
            dialect: Name of the database's dialect.
            aliases: The request's names for tables.
        """
        self._aliases = aliases
        self._sqlite = dialect == "sqlite"
        self._left = MAX_CONDITIONS

    def of(
        self, entity: Entity, rows: FromClause, where: Where | None, depth: int = 0
    ) -> Condition:
        """Return a condition on rows.

        Args:
            entity: What the rows are.
            rows: Its table, or an alias of it.
            where: The condition as it was written; None is true of every row.
            depth: How many conditions this one is inside of.

        Raises:
            RequestRefused: There are too many conditions, or too deep ones.
        """
        if depth > MAX_DEPTH:
            raise RequestRefused(f"A condition is nested more than {MAX_DEPTH} deep.")
        parts = {name: value for name, value in (where or {}).items() if value is not None}
        found: list[Condition] = [true()]
        if entity.name == "task_run" and (ends := _run_and_slug(parts)) is not None:
            del parts["task"]
            found.append(self._is_of_task(rows, *ends))
        found += [self._part(entity, rows, name, value, depth + 1) for name, value in parts.items()]
        return and_(*found)

    def _part(
        self, entity: Entity, rows: FromClause, name: str, value: Any, depth: int
    ) -> Condition:
        self._left -= 1
        if self._left < 0:
            raise RequestRefused(f"A request may have {MAX_CONDITIONS} conditions at most.")
        if name == "_not":
            return not_(self.of(entity, rows, value, depth))
        if name in ("_and", "_or"):
            parts = [self.of(entity, rows, item, depth) for item in value]
            return and_(true(), *parts) if name == "_and" else or_(false(), *parts)
        if name in entity.relations:
            return self._related(entity.relations[name], rows, value, depth)
        return self._compared_all(rows, name, value)

    def _compared_all(self, rows: FromClause, name: str, value: Where) -> Condition:
        column = rows.c[name]
        return and_(
            true(),
            *(
                self._compared(column, operator, operand)
                for operator, operand in value.items()
                if operand is not None
            ),
        )

    def _is_of_task(self, rows: FromClause, flow_run_id: str, slug: str) -> Condition:
        """Return the condition that task runs of one flow run are of the task with a slug.

        There is one such task, and where a database is told so, it reads the task runs in the order
        of their map indexes from the unique key, and only those that are wanted.
        """
        runs = self._aliases.of(entities()["flow_run"])
        tasks = self._aliases.of(entities()["task"])
        self._left -= 1
        flow = select(runs.c.flow_id).where(runs.c.id == flow_run_id).scalar_subquery()
        task = select(tasks.c.id).where(tasks.c.flow_id == flow, tasks.c.slug == slug)
        return rows.c.task_id == task.scalar_subquery()

    def _related(self, relation: Relation, rows: FromClause, where: Where, depth: int) -> Condition:
        target = entities()[relation.entity]
        others = self._aliases.of(target)
        if not relation.many and not relation.optional:
            # Unlike a correlated EXISTS, this lets SQLite use an index on the local column.
            inner = self.of(target, others, where, depth)
            remote = select(others.c[relation.remote]).where(inner)
            return rows.c[relation.local].in_(remote.correlate_except(others))
        found = exists().where(
            others.c[relation.remote] == rows.c[relation.local],
            self.of(target, others, where, depth),
        )
        return found.correlate_except(others)

    def _compared(self, column: ColumnElement[Any], operator: str, operand: Any) -> Condition:
        if operator in ("_in", "_nin"):
            if len(operand) > MAX_VALUES:
                raise RequestRefused(f"{operator} takes {MAX_VALUES} values at most.")
            return column.in_(operand) if operator == "_in" else column.not_in(operand)
        if operator in ("_like", "_nlike"):
            like = self._like(column, operand)
            return not_(like) if operator == "_nlike" else like
        if operator == "_contains":
            return self._contains(column, operand)
        return _PLAIN[operator](column, operand)

    def _like(self, column: ColumnElement[Any], pattern: str) -> Condition:
        if not self._sqlite:
            return column.like(pattern)
        # SQLite's LIKE ignores case, its GLOB does not.
        return type_coerce(column, Text).op("GLOB", is_comparison=True)(_as_glob(pattern))

    def _contains(self, column: ColumnElement[Any], document: Any) -> Condition:
        text = type_coerce(column, Text)
        wanted = json.dumps(document)
        if self._sqlite:
            return func.jsonb_contains(text, wanted) == 1
        return cast(text, JSONB).op("@>", is_comparison=True)(cast(literal(wanted, Text), JSONB))


def _run_and_slug(parts: Where) -> tuple[str, str] | None:
    """Return the flow run and the slug of a condition on both, as views write it."""
    match parts:
        case {"flow_run_id": {"_eq": str(flow_run_id)}, "task": {"slug": {"_eq": str(slug)}}}:
            return None if _more_than_that(parts["task"]) else (flow_run_id, slug)
    return None


def _more_than_that(task: Where) -> bool:
    return len(task) > 1 or len(task["slug"]) > 1


_PLAIN: dict[str, Callable[[Any, Any], Condition]] = {
    "_eq": lambda column, value: column == value,
    "_neq": lambda column, value: column != value,
    "_gt": lambda column, value: column > value,
    "_gte": lambda column, value: column >= value,
    "_lt": lambda column, value: column < value,
    "_lte": lambda column, value: column <= value,
    "_is_null": lambda column, value: column.is_(None) if value else column.is_not(None),
    "_ilike": lambda column, value: column.ilike(value, escape="\\"),
    "_nilike": lambda column, value: column.not_ilike(value, escape="\\"),
}

_GLOBS = {"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"}


def _as_glob(pattern: str) -> str:
    """Return the GLOB that matches what a LIKE pattern, with `\\` to escape, matches."""

    def part(found: re.Match[str]) -> str:
        escaped, plain = found.groups()
        if escaped is None:
            return _GLOBS.get(plain, plain)
        return f"[{escaped}]" if escaped in "*?[" else escaped

    return re.sub(r"\\(.)|(.)", part, pattern, flags=re.DOTALL)


def contains(document: str | None, wanted: str) -> int | None:
    """Tell whether one JSON document contains another, as PostgreSQL's `@>` does; for SQLite."""
    if document is None:
        return None
    given, value = json.loads(document), json.loads(wanted)
    if isinstance(given, list) and not isinstance(value, list | dict):
        value = [value]
    return int(_contains(given, value))


def _contains(document: Any, wanted: Any) -> bool:
    if isinstance(document, dict) and isinstance(wanted, dict):
        return all(
            key in document and _contains(document[key], value) for key, value in wanted.items()
        )
    if isinstance(document, list) and isinstance(wanted, list):
        return all(any(_contains(item, value) for item in document) for value in wanted)
    # To Python, True is 1.
    return isinstance(document, bool) == isinstance(wanted, bool) and bool(document == wanted)
