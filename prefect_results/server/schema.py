"""The GraphQL schema: the tables' fields and the declared operations in one.

What belongs here: putting it together. What does not: types that follow from tables
(`table_types`), and what the fields do (`execution`). Its text is published as
`schemas/graphql.sdl`; `python -m prefect_results.server.schema` prints it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    parse_type,
    print_schema,
)
from graphql.language import ListTypeNode, NonNullTypeNode

from prefect_results.server import operations
from prefect_results.server.operations.registry import Fields, Operation
from prefect_results.server.scalars import INPUTS as SCALARS
from prefect_results.server.table_types import TableTypes


@cache
def schema() -> GraphQLSchema:
    """Return the schema."""
    return _Builder().schema()


def sdl() -> str:
    """Return the schema in GraphQL's schema definition language."""
    return print_schema(schema()) + "\n"


class _Builder:
    def __init__(self) -> None:
        self._types: dict[str, GraphQLObjectType | GraphQLInputObjectType] = {}
        for name, fields in operations.INPUTS.items():
            self._types[name] = self._input_type(name, fields)
        for name, fields in operations.OUTPUTS.items():
            self._types[name] = self._output_type(name, fields)

    def schema(self) -> GraphQLSchema:
        asked = TableTypes().query_fields()
        asked.update({name: self._query(item) for name, item in operations.QUERIES.items()})
        changes = {name: self._mutation(item) for name, item in operations.MUTATIONS.items()}
        return GraphQLSchema(
            query=GraphQLObjectType("Query", asked),
            mutation=GraphQLObjectType("Mutation", changes),
        )

    def _query(self, item: Operation) -> GraphQLField:
        arguments = {
            name: GraphQLArgument(self._type(text)) for name, text in item.arguments.items()
        }
        return GraphQLField(self._result(item), args=arguments, description=_words(item))

    def _mutation(self, item: Operation) -> GraphQLField:
        given = self._input_type(f"{item.name}_input", item.arguments)
        return GraphQLField(
            self._result(item),
            args={"input": GraphQLArgument(GraphQLNonNull(given))},
            description=_words(item),
        )

    def _result(self, item: Operation) -> Any:
        if isinstance(item.output, str):
            return self._type(item.output)
        return self._output_type(f"{item.name}_payload", item.output)

    def _input_type(self, name: str, fields: Fields) -> GraphQLInputObjectType:
        return GraphQLInputObjectType(
            name,
            {key: GraphQLInputField(self._type(text)) for key, text in fields.items()},
        )

    def _output_type(self, name: str, fields: Fields) -> GraphQLObjectType:
        return GraphQLObjectType(
            name, {key: GraphQLField(self._type(text)) for key, text in fields.items()}
        )

    def _type(self, text: str) -> Any:
        return self._from_node(parse_type(text))

    def _from_node(self, node: Any) -> Any:
        if isinstance(node, NonNullTypeNode):
            return GraphQLNonNull(self._from_node(node.type))
        if isinstance(node, ListTypeNode):
            return GraphQLList(self._from_node(node.type))
        name = node.name.value
        return SCALARS[name] if name in SCALARS else self._types[name]


def _words(item: Operation) -> str:
    return (item.resolve.__doc__ or "").strip().splitlines()[0]


if __name__ == "__main__":
    print(sdl(), end="")
