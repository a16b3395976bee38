"""Executing a request: each field of its operation to the data of the response.

What belongs here: requests in and responses out, as plain data. What does not: HTTP (`http`). Rows
go into the response as they were read, past the GraphQL library's own execution, which asks a
function for every value of every row; that library parses, validates, coerces, and answers
introspection.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs
from graphql import (
    DocumentNode,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    execute_sync,
)
from graphql.execution.values import get_argument_values, get_variable_values

from prefect_results.server.documents import Document, InvalidDocument, described, load
from prefect_results.server.errors import Entry, RequestRefused, from_exception
from prefect_results.server.fetching import Fetcher
from prefect_results.server.model import entities
from prefect_results.server.operations import MUTATIONS, QUERIES, Caller
from prefect_results.server.planning import Planner
from prefect_results.server.schema import schema
from prefect_results.server.selection import Reader, Selected

Response = dict[str, Any]


@attrs.frozen
class Reply:
    """A response; `valid` tells whether there was anything to execute."""

    body: Response
    valid: bool = True


def execute(payload: Any, caller: Caller) -> Reply:
    """Execute a request.

    Args:
        payload: The JSON of the request: `query`, and perhaps `variables` (an object, or JSON text
            of one as Prefect 1.4.1 sends it) and `operationName`.
        caller: Whose it is.
    """
    try:
        text, variables, name = _taken(payload)
        document = load(text)
        operation = document.operation(name)
        coerced = _coerced(operation, variables)
    except InvalidDocument as exc:
        return Reply({"errors": exc.entries}, valid=False)
    except RequestRefused as exc:
        return Reply({"errors": [from_exception(exc)]}, valid=False)
    return Reply(_Execution(document, operation, coerced, variables, caller).response())


def _taken(payload: Any) -> tuple[str, dict[str, Any], str | None]:
    if not isinstance(payload, Mapping) or not isinstance(payload.get("query"), str):
        raise RequestRefused("A request is a JSON object with a `query`, the GraphQL document.")
    variables, name = payload.get("variables"), payload.get("operationName")
    if isinstance(variables, str):
        try:
            variables = json.loads(variables)
        except (ValueError, RecursionError):
            raise RequestRefused("`variables` is text, but not JSON.") from None
    if variables is not None and not isinstance(variables, dict):
        raise RequestRefused("`variables` must be a JSON object.")
    if name is not None and not isinstance(name, str):
        raise RequestRefused("`operationName` must be text.")
    return payload["query"], variables or {}, name


def _coerced(operation: OperationDefinitionNode, variables: dict[str, Any]) -> Any:
    nodes = operation.variable_definitions or ()
    try:
        coerced = get_variable_values(schema(), nodes, variables, max_errors=20)
    except RecursionError:
        raise RequestRefused("`variables` are nested too deep.") from None
    if isinstance(coerced, list):
        raise InvalidDocument([described(error, "BAD_USER_INPUT") for error in coerced])
    return coerced


class _Execution:
    def __init__(
        self,
        document: Document,
        operation: OperationDefinitionNode,
        variables: Any,
        raw_variables: dict[str, Any],
        caller: Caller,
    ) -> None:
        self._document = document
        self._operation = operation
        self._variables = variables
        self._raw_variables = raw_variables
        self._caller = caller
        self._reader = Reader(document.fragments, variables)
        self._planner = Planner(self._reader, variables, raw_variables)

    def response(self) -> Response:
        fields = self._reader.fields(self._operation.selection_set)
        if self._operation.operation is OperationType.MUTATION:
            return self._mutations(fields)
        return self._queries(fields)

    def _mutations(self, fields: list[Selected]) -> Response:
        """Do one after the other; one that fails is null in the response and stops no other."""
        data: Response = {}
        errors: list[Entry] = []
        for selected in fields:
            data[selected.key] = None
            try:
                data[selected.key] = self._changed(selected)
            except Exception as exc:
                errors.append(from_exception(exc, [selected.key]))
        return {"errors": errors, "data": data} if errors else {"data": data}

    def _changed(self, selected: Selected) -> Any:
        if selected.name == "__typename":
            return "Mutation"
        kind = schema().mutation_type
        assert kind is not None
        field = kind.fields[selected.name]
        given = get_argument_values(field, selected.nodes[0], self._variables)["input"]
        found = MUTATIONS[selected.name].resolve(self._caller, **given)
        return self._shown(found, field.type, selected)

    def _queries(self, fields: list[Selected]) -> Response:
        """Read everything over one connection; one error leaves no data."""
        data: Response = {}
        key: str | None = None
        try:
            with self._caller.store.database.read() as connection:
                fetcher = Fetcher(connection)
                for selected in fields:
                    key = selected.key
                    data[key] = self._asked(selected, fetcher)
        except Exception as exc:
            return {"errors": [from_exception(exc, None if key is None else [key])], "data": None}
        return {"data": data}

    def _asked(self, selected: Selected, fetcher: Fetcher) -> Any:
        name = selected.name
        if name == "__typename":
            return "Query"
        if name.startswith("__"):
            return self._introspected(selected)
        kind = schema().query_type
        assert kind is not None
        field = kind.fields[name]
        if name in QUERIES:
            given = get_argument_values(field, selected.nodes[0], self._variables)
            return self._shown(QUERIES[name].resolve(self._caller, **given), field.type, selected)
        if name in entities():
            return fetcher.rows(self._planner.plan(entities()[name], field, selected))
        if name.endswith("_by_pk"):
            entity = entities()[name.removesuffix("_by_pk")]
            found = fetcher.rows(self._planner.by_key(entity, field, selected))
            return next(iter(found), None)
        entity = entities()[name.removesuffix("_aggregate")]
        return fetcher.count(self._planner.count(entity, field, selected))

    def _introspected(self, selected: Selected) -> Any:
        """Let the GraphQL library answer what is asked of the schema itself."""
        asked = OperationDefinitionNode(
            operation=OperationType.QUERY,
            name=None,
            variable_definitions=self._operation.variable_definitions,
            directives=(),
            selection_set=SelectionSetNode(selections=tuple(selected.nodes)),
        )
        document = DocumentNode(definitions=(asked, *self._document.fragments.values()))
        result = execute_sync(schema(), document, variable_values=self._raw_variables)
        return (result.data or {}).get(selected.key)

    def _shown(self, value: Any, kind: Any, selected: Selected) -> Any:
        """Return what the response shows of a value that an operation returned."""
        if isinstance(kind, GraphQLNonNull):
            kind = kind.of_type
        if value is None:
            return None
        if isinstance(kind, GraphQLList):
            return [self._shown(item, kind.of_type, selected) for item in value]
        if not isinstance(kind, GraphQLObjectType):
            return value.isoformat() if isinstance(value, datetime) else value
        return {
            item.key: kind.name
            if item.name == "__typename"
            else self._shown(value[item.name], kind.fields[item.name].type, item)
            for item in self._reader.below(selected)
        }
