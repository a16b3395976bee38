"""A client of the GraphQL API, with the methods of the legacy `prefect.Client`.

What belongs here: documents, requests and responses. What does not: views and tasks, which ask
through `access`.
"""

from prefect_results.backend.client.client import Client
from prefect_results.backend.client.graphql import (
    EnumValue,
    GQLObject,
    GraphQLResult,
    LiteralSetValue,
    compress,
    decompress,
    parse_graphql,
    parse_graphql_arguments,
    with_args,
)
from prefect_results.backend.client.records import (
    FlowRunInfoResult,
    ProjectInfo,
    TaskRunInfoResult,
)
from prefect_results.clients import register_client

register_client(Client)

__all__ = [
    "Client",
    "FlowRunInfoResult",
    "TaskRunInfoResult",
    "ProjectInfo",
    "GraphQLResult",
    "GQLObject",
    "EnumValue",
    "LiteralSetValue",
    "parse_graphql",
    "parse_graphql_arguments",
    "with_args",
    "compress",
    "decompress",
]
