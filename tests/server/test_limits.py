"""What a request may not do, and what it is told then."""

from __future__ import annotations

from typing import Any

import pytest

from prefect_results.server import conditions, documents, execution, fetching
from prefect_results.server.documents import InvalidDocument, load
from prefect_results.server.execution import execute
from prefect_results.server.operations import Caller
from tests.server.conftest import Ask


@pytest.fixture(scope="module", params=["sqlite"])
def database_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store on SQLite only."""
    return str(tmp_path_factory.mktemp("store") / "store.db")


def _refusal(text: str) -> str:
    with pytest.raises(InvalidDocument) as caught:
        load(text)
    return " ".join(entry["message"] for entry in caught.value.entries)


def test_depth_is_bounded() -> None:
    """A query may go to and fro between tables only so often."""
    there_and_back = "flow { project { flows { flow_runs {" * 4
    text = f"{{ flow_run {{ {there_and_back} id {'}' * 16} }} }}"
    assert f"at most {documents.MAX_DEPTH} are allowed" in _refusal(text)


def test_nesting_beyond_recursion_is_refused() -> None:
    """A document that would exhaust the parser's stack is refused like any other."""
    assert "nested" in _refusal("{ flow " * 20_000)


def test_size_is_bounded() -> None:
    """Fields are counted with what their fragments hold, without unfolding those."""
    fields = " ".join(f"a{i}: id" for i in range(documents.MAX_FIELDS))
    assert "fields long" in _refusal(f"{{ flow {{ {fields} }} }}")
    bomb = "{ flow { ...f0 } } fragment f30 on flow { id }" + "".join(
        f" fragment f{i} on flow {{ a{i}: id ...f{i + 1} b{i}: id ...f{i + 1} }}" for i in range(30)
    )
    assert "fields long" in _refusal(bomb)
    tables = " ".join(f"t{i}: flow {{ id }}" for i in range(documents.MAX_TABLES + 1))
    assert "tables wide" in _refusal(f"{{ {tables} }}")
    assert "token" in _refusal("{ " + "hello " * documents.MAX_TOKENS + "}").lower()


def test_conditions_are_bounded(ask: Ask) -> None:
    """Conditions may be nested and numerous only so far, as variables too."""
    query = "query($w: flow_bool_exp!) { flow(where: $w) { id } }"
    where: dict[str, Any] = {"name": {"_eq": "x"}}
    for _ in range(conditions.MAX_DEPTH + 1):
        where = {"_not": where}
    assert "nested more than" in ask(query, w=where)["errors"][0]["message"]
    wide = {"_or": [{"name": {"_eq": "x"}}] * conditions.MAX_CONDITIONS}
    assert "conditions at most" in ask(query, w=wide)["errors"][0]["message"]
    long = {"name": {"_in": ["x"] * (conditions.MAX_VALUES + 1)}}
    assert "values at most" in ask(query, w=long)["errors"][0]["message"]
    deep: dict[str, Any] = {}
    for _ in range(5000):
        deep = {"_not": deep}
    assert ask(query, w=deep)["errors"]


def test_rows_are_bounded(store: Any, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request reads so many rows, in all of its tables together."""
    for i in range(4):
        store.create_project(f"p{i}")
    monkeypatch.setattr(
        execution, "Fetcher", lambda connection: fetching.Fetcher(connection, max_rows=6)
    )
    assert len(ask("{ project { id } }")["data"]["project"]) == 4
    answer = ask("{ project { id } again: project { id } }")
    assert "more than 6 rows" in answer["errors"][0]["message"]
    assert answer["data"] is None


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (None, "with a `query`"),
        ([{"query": "{ hello }"}], "with a `query`"),
        ({"query": 3}, "with a `query`"),
        ({"query": "{ hello }", "variables": [1]}, "must be a JSON object"),
        ({"query": "{ hello }", "variables": "{"}, "not JSON"),
        ({"query": "{ hello }", "operationName": 3}, "must be text"),
        ({"query": "query A { hello } query B { hello }"}, "operation name"),
        ({"query": "{ hello }", "operationName": "B"}, "Unknown operation"),
        ({"query": "{ hello"}, "Syntax Error"),
        ({"query": "subscription { hello }"}, "subscription"),
        ({"query": "{ flow(limit: true) { id } }"}, "Int"),
        ({"query": "{ flow { id(x: 1) } }"}, "Unknown argument"),
        ({"query": "query($a: Int!) { flow(limit: $a) { id } }"}, "$a"),
        ({"query": '{ flow(where: {created: {_gt: "soon"}}) { id } }'}, "timestamp"),
        ({"query": "query A { hello } fragment F on flow { ...F }"}, "F"),
    ],
)
def test_malformed_requests_are_told_what_is_wrong(store: Any, payload: Any, words: str) -> None:
    """Nothing is executed, and the first error says why."""
    reply = execute(payload, Caller(store))
    assert not reply.valid
    assert words in reply.body["errors"][0]["message"]
    assert reply.body["errors"][0]["extensions"]["code"]
    assert "data" not in reply.body


def test_variables_may_be_json_text(store: Any) -> None:
    """Prefect 1.4.1 sends variables as text, `null` included."""
    for variables in ("null", '{"n": 1}', "{}", None):
        payload = {"query": "query($n: Int) { flow(limit: $n) { id } }", "variables": variables}
        assert execute(payload, Caller(store)).body == {"data": {"flow": []}}


def test_negative_pages_are_refused(ask: Ask) -> None:
    """`limit` and `offset` count from zero."""
    assert "negative" in ask("{ flow(limit: -1) { id } }")["errors"][0]["message"]


def test_inner_errors_are_not_told(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The caller gets a reference, the log gets the rest."""

    def broken(*args: Any) -> None:
        raise KeyError("/secret/path")

    monkeypatch.setattr(fetching.Fetcher, "rows", broken)
    entry = ask("{ flow { id } }")["errors"][0]
    assert "secret" not in str(entry)
    assert entry["extensions"]["code"] == "INTERNAL_SERVER_ERROR"


def test_documents_are_kept() -> None:
    """The same text is parsed and validated once."""
    assert load("{ hello kept: hello }") is load("{ hello kept: hello }")
