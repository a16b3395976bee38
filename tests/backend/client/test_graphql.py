"""GraphQL documents from Python objects, as Prefect 1.4.1 makes them."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from graphql import parse
from hypothesis import given
from hypothesis import strategies as st

from prefect_results.backend.client import (
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


def test_nested_document() -> None:
    """Dictionaries, lists and texts become selections, each level indented."""
    document = {
        "query": {
            "books(published: {gt: 1990})": {"title"},
            "authors": ["name", {"books": ["title", {"id": ...}]}],
            "count": True,
        }
    }
    assert parse_graphql(document) == (
        "query {\n    books(published: {gt: 1990}) {\n        title\n    }\n    authors {\n"
        "        name\n        books {\n            title\n            id\n        }\n    }\n"
        "    count\n}"
    )


def test_objects() -> None:
    """Fields may be objects, with arguments; a class in place of one is an error."""

    class FlowRun(GQLObject):
        pass

    assert (
        parse_graphql({"query": {FlowRun(): {"id"}}})
        == "query {\n    flowRun {\n        id\n    }\n}"
    )
    assert str(FlowRun("x: 1")) == "x: 1"
    assert str(GQLObject("task")({"where": {"id": 3}})) == "task(where: { id: 3 })"  # type: ignore[arg-type]
    assert repr(GQLObject("task")) == '<GQL: "task">'
    with pytest.raises(TypeError, match='included a `GQLObject` class \\("FlowRun"\\)'):
        parse_graphql({"query": FlowRun})


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"where": {"id": {"_eq": 3}}}, "where: { id: { _eq: 3 } }"),
        ({"a": True, "b": False, "c": None}, "a: true, b: false, c: null"),
        ({"order_by": {"created": EnumValue("desc")}}, "order_by: { created: desc }"),
        ({"ids": [UUID(int=1)], "none": {}}, f'ids: ["{UUID(int=1)}"], none: {{}}'),
        ({"tags": LiteralSetValue(["a", "b"])}, 'tags: "{a, b}"'),
        ("where: {x: 1}", "where: {x: 1}"),
    ],
)
def test_arguments(arguments: object, text: str) -> None:
    """Python values become GraphQL literals."""
    assert parse_graphql_arguments(arguments) == text
    assert with_args("task", arguments) == f"task({text})"


@given(st.text())
def test_texts_are_what_they_were(text: str) -> None:
    """No text can end its own literal: the API reads what was given."""
    if any("\ud800" <= char <= "\udfff" for char in text):
        return
    document = parse(f"query {{ {with_args('task', {'slug': text})} {{ id }} }}")
    field = document.definitions[0].selection_set.selections[0]  # type: ignore[attr-defined]
    assert field.arguments[0].value.value == text


@given(st.recursive(st.none() | st.booleans() | st.text(), lambda inner: st.lists(inner)))
def test_compression(value: object) -> None:
    """What is compressed comes back."""
    assert decompress(compress(value)) == value


def test_result() -> None:
    """A result has its keys as attributes, also in lists, and prints as JSON."""
    result = GraphQLResult({"data": {"flow": [{"id": "x"}]}})
    assert result.data.flow[0].id == "x"
    assert json.loads(repr(result)) == result.to_dict()


def test_enum_values() -> None:
    """Enum values are equal and hash by their text, and differ from it."""
    assert EnumValue("asc") == EnumValue("asc") != "asc"
    assert len({EnumValue("asc"), EnumValue("asc"), "asc"}) == 2
    assert repr(EnumValue("asc")) == "EnumValue('asc')"
