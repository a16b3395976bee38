"""The published schema is the one that is served."""

from __future__ import annotations

from pathlib import Path

from graphql import build_schema

from prefect_results.backend.store.schema import metadata
from prefect_results.server.model import entities
from prefect_results.server.schema import schema, sdl

PUBLISHED = Path(__file__).parent.parent.parent / "schemas" / "graphql.sdl"


def test_the_published_schema_is_current() -> None:
    """`schemas/graphql.sdl` is what `python -m prefect_results.server.schema` prints."""
    assert PUBLISHED.read_text() == sdl()


def test_the_schema_is_valid() -> None:
    """The text builds the same types again."""
    assert sorted(build_schema(sdl()).type_map) == sorted(schema().type_map)


def test_every_table_is_served() -> None:
    """Each table has its three fields, each column is a field, a condition and an order."""
    types = schema().type_map
    asked = schema().query_type
    assert asked is not None
    for name, table in metadata.tables.items():
        assert {name, f"{name}_by_pk", f"{name}_aggregate"} <= set(asked.fields)
        for kind in (name, f"{name}_bool_exp", f"{name}_order_by"):
            assert set(table.columns.keys()) <= set(types[kind].fields)  # type: ignore[attr-defined]


def test_relations_go_both_ways() -> None:
    """A foreign key is a relation to one on its side, and to many on the other."""
    found = entities()
    assert {"flow_run", "task", "states", "logs"} <= set(found["task_run"].relations)
    assert {"flow", "task_runs", "states", "logs"} <= set(found["flow_run"].relations)
    assert {"tasks", "edges", "flow_runs", "project", "flow_group"} <= set(found["flow"].relations)
    assert found["edge"].relations["upstream_task"].entity == "task"
    assert found["task"].relations["downstream_edges"].remote == "upstream_task_id"
    assert found["flow_run"].relations["task_runs"].many
    assert not found["task_run"].relations["flow_run"].many
