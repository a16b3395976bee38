"""Queries of tables: conditions, orders, pages, relations and counts, on both databases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from graphql import get_introspection_query
from sqlalchemy import event

from prefect_results.backend.store import NewLog, NewState
from tests.server.conftest import Ask

NOON = datetime(2026, 1, 2, 12, tzinfo=timezone.utc)


def _state(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "message": f"it is {kind}", **more}


@pytest.fixture(scope="module")
def ids(store: Any) -> dict[str, Any]:
    """Two projects, three versions of flows, four runs; names lead to ids."""
    tasks = [{"slug": f"t{i}-1", "name": f"t{i}", "tags": ["a", "b"][:i]} for i in range(3)]
    ends = [("t0-1", "t1-1", "x"), ("t1-1", "t2-1", None)]
    edges = [
        {"upstream_task": {"slug": up}, "downstream_task": {"slug": down}, "key": key}
        for up, down, key in ends
    ]
    found: dict[str, Any] = {}
    for name in ("p1", "p2"):
        found[name] = store.create_project(name).id
    for name, project in (("Alpha", "p1"), ("Alpha", "p1"), ("beta_100%", "p2")):
        body = {"name": name, "tasks": tasks, "edges": edges}
        found[name] = store.register_flow(found[project], body).id
    for i, flow in enumerate(("Alpha", "Alpha", "Alpha", "beta_100%")):
        run = store.create_flow_run(
            found[flow],
            name=f"run {i}",
            parameters={"n": i, "deep": {"list": [1, {"a": i}], "text": "x"}},
            labels=["l", "m"][: i % 3],
            scheduled_start_time=NOON + timedelta(hours=i),
            task_runs=True,
        )
        found[run.name] = run.id
    started = [NewState(found["run 0"], _state("Running"), timestamp=NOON)]
    ended = NewState(found["run 0"], _state("Success"), timestamp=NOON + timedelta(minutes=1))
    store.set_flow_run_states([*started, ended])
    store.write_logs(
        [NewLog(found["run 0"], f"line {i}", timestamp=NOON + timedelta(i)) for i in range(3)]
    )
    return found


def _data(answer: dict[str, Any]) -> dict[str, Any]:
    assert "errors" not in answer, answer
    found: dict[str, Any] = answer["data"]
    return found


@pytest.fixture
def names(ask: Ask, ids: dict[str, Any]) -> Any:
    """Names of the flow runs that fit a condition, sorted."""

    def found(where: str, **variables: Any) -> list[str]:
        rows = _data(ask(f"{{ flow_run(where: {where}) {{ name }} }}", **variables))["flow_run"]
        return sorted(row["name"].removeprefix("run ") for row in rows)

    return found


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("{}", "0123"),
        ('{name: {_eq: "run 1"}}', "1"),
        ('{name: {_neq: "run 1"}}', "023"),
        ('{name: {_in: ["run 1", "run 3"]}}', "13"),
        ('{name: {_in: "run 1"}}', "1"),
        ("{name: {_in: []}}", ""),
        ('{name: {_nin: ["run 1", "run 3"]}}', "02"),
        ("{name: {_nin: []}}", "0123"),
        ('{name: {_gt: "run 1"}}', "23"),
        ('{name: {_gte: "run 1", _lt: "run 3"}}', "12"),
        ('{name: {_lte: "run 0"}}', "0"),
        ('{scheduled_start_time: {_gt: "2026-01-02T13:00:00Z"}}', "23"),
        ('{scheduled_start_time: {_gte: "2026-01-02T15:00:00+02:00"}}', "123"),
        ('{scheduled_start_time: {_lt: "2026-01-02T13:00:00.00001"}}', "01"),
        ("{end_time: {_is_null: false}}", "0"),
        ("{end_time: {_is_null: true}}", "123"),
        ('{state: {_eq: "Scheduled"}, name: {_neq: "run 2"}}', "13"),
        ('{_or: [{name: {_eq: "run 0"}}, {name: {_eq: "run 2"}}]}', "02"),
        ('{_or: {name: {_eq: "run 0"}}}', "0"),
        ("{_or: []}", ""),
        ("{_and: []}", "0123"),
        ('{_and: [{name: {_gt: "run 0"}}, {name: {_lt: "run 3"}}]}', "12"),
        ('{_not: {name: {_eq: "run 0"}}}', "123"),
        ("{version: {_gte: 2}}", "0"),
        ("{auto_scheduled: {_eq: false}}", "0123"),
        # As with the Hasura of Prefect Server, null is no condition.
        ("{name: {_eq: null}}", "0123"),
        ("{name: null}", "0123"),
        # LIKE respects case on both databases, and what it escapes.
        ('{name: {_like: "run%"}}', "0123"),
        ('{name: {_like: "RUN%"}}', ""),
        ('{name: {_like: "run _"}}', "0123"),
        ('{name: {_nlike: "%1"}}', "023"),
        ('{name: {_ilike: "RUN 1"}}', "1"),
        ('{name: {_nilike: "RUN 1"}}', "023"),
        ('{flow: {name: {_like: "%\\\\_100\\\\%"}}}', "3"),
        ('{flow: {name: {_like: "%a\\\\_%"}}}', "3"),
        # Over relations
        ('{flow: {name: {_eq: "Alpha"}}}', "012"),
        ('{flow: {project: {name: {_eq: "p2"}}}}', "3"),
        ('{flow: {_and: {name: {_eq: "Alpha"}, project: {name: {_eq: null}}}}}', "012"),
        ('{states: {state: {_eq: "Success"}}}', "0"),
        ('{_not: {states: {state: {_eq: "Success"}}}}', "123"),
        ('{logs: {message: {_eq: "line 1"}}}', "0"),
        ('{flow: {flow_runs: {name: {_eq: "run 3"}}}}', "3"),
        ('{task_runs: {task: {slug: {_eq: "t9-1"}}}}', ""),
        # In documents
        ('{labels: {_contains: ["l"]}}', "12"),
        ('{labels: {_contains: "m"}}', "2"),
        ("{parameters: {_contains: {n: 2}}}", "2"),
        ("{parameters: {_contains: {deep: {list: [{a: 3}]}}}}", "3"),
        ('{parameters: {_contains: {deep: {text: "y"}}}}', ""),
        ("{parameters: {_contains: {}}}", "0123"),
        ("{run_config: {_is_null: true}}", "0123"),
    ],
)
def test_conditions(names: Any, where: str, expected: str) -> None:
    """Each of Hasura's operators finds what it should."""
    assert "".join(names(where)) == expected


def test_conditions_by_id(ask: Ask, ids: dict[str, Any], names: Any) -> None:
    """Ids are compared as UUIDs, however they are written, and one that is none is refused."""
    wanted = ids["run 2"]
    assert names(f'{{id: {{_eq: "{wanted.upper()}"}}}}') == ["2"]
    assert names(f'{{id: {{_gt: "{wanted}"}}}}') == ["3"]
    by_key = _data(ask(f'{{ flow_run_by_pk(id: "{wanted}") {{ name flow {{ name }} }} }}'))
    assert by_key == {"flow_run_by_pk": {"name": "run 2", "flow": {"name": "Alpha"}}}
    nothing = ask(f'{{ flow_run_by_pk(id: "{ids["p1"]}") {{ name }} }}')
    assert nothing == {"data": {"flow_run_by_pk": None}}
    refused = ask('{ flow_run_by_pk(id: "no id") { name } }')
    assert "invalid input syntax for type uuid" in refused["errors"][0]["message"]


def test_variables(ask: Ask, ids: dict[str, Any]) -> None:
    """Conditions and orders may come as variables, whole or in part."""
    query = """
    query($where: flow_run_bool_exp, $order: [flow_run_order_by!], $n: Int, $name: String) {
      flow_run(where: {_and: [$where, {name: {_neq: $name}}]}, order_by: $order, limit: $n) { name }
    }
    """
    where = {"name": {"_in": ["run 0", "run 1", "run 2"]}}
    found = _data(ask(query, where=where, order={"state": "asc", "name": "desc"}, n=2, name="x"))
    assert [row["name"] for row in found["flow_run"]] == ["run 2", "run 1"]
    refused = ask(query, where={"name": {"_is": 1}})
    assert refused["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("order_by: {name: desc}", "3210"),
        ("order_by: [{state: desc}, {name: asc}]", "0123"),
        ("order_by: {state: asc, name: desc}", "3210"),
        ("order_by: {name: desc, state: asc}", "3210"),
        ("order_by: {end_time: asc, name: asc}", "0123"),
        ("order_by: {end_time: desc, name: asc}", "1230"),
        ("order_by: {end_time: desc_nulls_last, name: asc}", "0123"),
        ("order_by: {end_time: asc_nulls_first, name: asc}", "1230"),
        ("order_by: {flow: {name: desc}, name: asc}", "3012"),
        ("order_by: {flow: {project: {name: desc}}, name: desc}", "3210"),
        ("order_by: {name: asc}, limit: 2", "01"),
        ("order_by: {name: asc}, limit: 2, offset: 1", "12"),
        ("order_by: {name: asc}, offset: 3", "3"),
        ("limit: 0", ""),
        (
            "limit: null, offset: null, order_by: {name: asc}, distinct_on: null",
            "0123",
        ),
        ("distinct_on: flow_id, order_by: {flow_id: asc, name: desc}", "23"),
        ("distinct_on: [state], order_by: {state: desc, name: asc}", "01"),
        (
            'distinct_on: state, order_by: {state: asc, id: asc}, where: {name: {_gt: "run 1"}}',
            "2",
        ),
    ],
)
def test_orders_and_pages(ask: Ask, ids: dict[str, Any], arguments: str, expected: str) -> None:
    """Orders follow each other as they are written; null sorts as in PostgreSQL."""
    found = _data(ask(f"{{ flow_run({arguments}) {{ name }} }}"))["flow_run"]
    assert "".join(row["name"].removeprefix("run ") for row in found) == expected


def test_distinct_must_begin_the_order(ask: Ask) -> None:
    """`distinct_on` that the order does not begin with is refused, as by PostgreSQL."""
    answer = ask("{ flow_run(distinct_on: name, order_by: {id: asc}) { name } }")
    assert "must match initial" in answer["errors"][0]["message"]
    assert answer["data"] is None


def test_relations_both_ways(ask: Ask, ids: dict[str, Any]) -> None:
    """Relations nest, with arguments of their own and under other names."""
    query = """
    query($id: uuid!) {
      flow_run_by_pk(id: $id) {
        title: name
        flow { name project { name tenant { slug } } edges(order_by: {id: asc}) {
          key upstream_task { slug } downstream_task { slug upstream_edges { key } } } }
        task_runs(order_by: {task: {slug: asc}}) { task { slug tags } flow_run { name } states {
          state } }
        some: task_runs(where: {task: {slug: {_in: ["t0-1", "t2-1"]}}}, limit: 1, offset: 1,
          order_by: {task: {slug: asc}}) { task { slug } }
        states(order_by: {version: asc}) { state timestamp }
        logs(order_by: {timestamp: desc}, limit: 2) { message level task_run { id } }
      }
    }
    """
    found = _data(ask(query, id=ids["run 0"]))["flow_run_by_pk"]
    assert list(found) == ["title", "flow", "task_runs", "some", "states", "logs"]
    assert found["flow"]["project"] == {"name": "p1", "tenant": {"slug": "default"}}
    assert found["flow"]["edges"][0] == {
        "key": "x",
        "upstream_task": {"slug": "t0-1"},
        "downstream_task": {"slug": "t1-1", "upstream_edges": [{"key": "x"}]},
    }
    assert [run["task"] for run in found["task_runs"]] == [
        {"slug": "t0-1", "tags": []},
        {"slug": "t1-1", "tags": ["a"]},
        {"slug": "t2-1", "tags": ["a", "b"]},
    ]
    assert found["task_runs"][0]["flow_run"] == {"name": "run 0"}
    assert found["task_runs"][0]["states"] == [{"state": "Pending"}]
    assert found["some"] == [{"task": {"slug": "t2-1"}}]
    assert [state["state"] for state in found["states"]] == ["Scheduled", "Running", "Success"]
    assert datetime.fromisoformat(found["states"][1]["timestamp"]) == NOON
    assert [log["message"] for log in found["logs"]] == ["line 2", "line 1"]
    assert found["logs"][0]["task_run"] is None


def test_pages_of_a_relation_are_counted_for_each_parent(ask: Ask, ids: dict[str, Any]) -> None:
    """`limit` inside a list applies to each of its rows, not to all of them together."""
    query = """{ flow_run(order_by: {name: asc}) {
        first: task_runs(order_by: {task: {slug: desc}}, limit: 1) { task { slug } }
        kinds: task_runs(distinct_on: state) { state }
    } }"""
    for row in _data(ask(query))["flow_run"]:
        assert row == {"first": [{"task": {"slug": "t2-1"}}], "kinds": [{"state": "Pending"}]}


def test_counts(ask: Ask, ids: dict[str, Any]) -> None:
    """Aggregates count rows of a table and of a relation, different ones, and those on a page."""
    query = """{
      all: flow_run_aggregate { aggregate { count } __typename }
      some: flow_run_aggregate(where: {state: {_eq: "Scheduled"}}) { aggregate {
        count states: count(columns: state, distinct: true) ended: count(columns: [end_time]) } }
      page: flow_run_aggregate(limit: 2) { aggregate { count } }
      project(order_by: {name: asc}) {
        name
        flows_aggregate { aggregate { count } }
        names: flows_aggregate(distinct_on: name) { aggregate { count } }
        none: flows_aggregate(where: {name: {_eq: "none"}}) { aggregate { count } }
      }
    }"""
    found = _data(ask(query))
    assert found["all"] == {"aggregate": {"count": 4}, "__typename": "flow_run_aggregate"}
    assert found["some"] == {"aggregate": {"count": 3, "states": 1, "ended": 0}}
    assert found["page"] == {"aggregate": {"count": 2}}
    counts = [
        [row[key]["aggregate"]["count"] for key in ("flows_aggregate", "names", "none")]
        for row in found["project"]
    ]
    assert counts == [[2, 1, 0], [1, 1, 0]]


def test_fragments_directives_and_type_names(ask: Ask, ids: dict[str, Any]) -> None:
    """Fragments merge, directives decide, and every object tells its type."""
    query = """
    query Q($yes: Boolean = true, $no: Boolean = false) {
      ...Top
      flow_run(limit: 1, order_by: {name: asc}) { ...on flow_run { name } ...Run ...Run
        id @include(if: $no) state @skip(if: $yes) version @include(if: $yes) __typename }
      __typename
    }
    fragment Top on Query { flow_run(limit: 1, order_by: {name: asc}) { flow { name } } }
    fragment Run on flow_run { flow { __typename version } }
    """
    found = _data(ask(query))
    assert found == {
        "flow_run": [
            {
                "flow": {"name": "Alpha", "__typename": "flow", "version": 2},
                "name": "run 0",
                "version": 3,
                "__typename": "flow_run",
            }
        ],
        "__typename": "Query",
    }


def test_documents_and_moments(ask: Ask, ids: dict[str, Any]) -> None:
    """Documents come whole, moments as ISO 8601 with a timezone."""
    query = '{ flow_run(where: {name: {_eq: "run 1"}}) { parameters labels created end_time } }'
    (run,) = _data(ask(query))["flow_run"]
    assert run["parameters"] == {"n": 1, "deep": {"list": [1, {"a": 1}], "text": "x"}}
    assert run["labels"] == ["l"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00", run["created"])
    assert run["end_time"] is None


def test_introspection(ask: Ask) -> None:
    """Tools that ask for the schema get it, beside data if they like."""
    found = _data(ask(get_introspection_query()))
    assert found["__schema"]["queryType"]["name"] == "Query"
    both = _data(ask('{ hello __type(name: "flow_run") { name kind } }'))
    assert both["hello"] and both["__type"] == {"name": "flow_run", "kind": "OBJECT"}


@contextmanager
def _statements(store: Any) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *others: Any) -> None:
        if statement.lstrip().upper().startswith("SELECT"):
            seen.append(statement)

    event.listen(store.database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(store.database.engine, "before_cursor_execute", note)


def test_one_statement_for_each_table(store: Any, ask: Ask, ids: dict[str, Any]) -> None:
    """Nested relations are read for all rows at once, and only the columns that are asked for."""
    query = """{ flow_run { name task_runs { task { slug } states { state } } flow { project {
        name } } logs_aggregate { aggregate { count } } } }"""
    with _statements(store) as seen:
        _data(ask(query))
    assert len(seen) == 7
    assert not any("serialized" in statement for statement in seen)


def test_task_runs_of_a_slug_come_from_the_unique_key(
    store: Any, ask: Ask, ids: dict[str, Any]
) -> None:
    """What views ask for names one task, and no task run of another is read or sorted."""

    def found(task: str) -> list[Any]:
        where = f'flow_run_id: {{_eq: "{ids["run 1"]}"}}, task: {task}'
        query = f"{{ task_run(where: {{{where}}}, order_by: {{map_index: asc}})"
        rows = _data(ask(f"{query} {{ task {{ slug }} flow_run_id }} }}"))["task_run"]
        assert {row["flow_run_id"] for row in rows} <= {ids["run 1"]}
        return [row["task"]["slug"] for row in rows]

    with _statements(store) as seen:
        assert found('{slug: {_eq: "t1-1"}}') == ["t1-1"]
    assert "task_id = (SELECT" in seen[0]
    assert found('{slug: {_eq: "t1-1"}, name: {_eq: "t1"}}') == ["t1-1"]
    assert found('{slug: {_eq: "t1-1"}, name: {_eq: "t2"}}') == []
    assert found('{slug: {_eq: "t1-1", _neq: "t1-1"}}') == []
    assert found('{slug: {_eq: "unknown"}}') == []
