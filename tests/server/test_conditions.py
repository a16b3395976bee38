"""Operators that SQLite lacks, against what they stand for."""

from __future__ import annotations

import re
import sqlite3
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefect_results.server.conditions import _as_glob, contains

_TEXT = st.text(alphabet="aA*?[]^-%_\\!\n", max_size=6)


def _like(pattern: str, text: str) -> bool:
    """What LIKE means in SQL, with a backslash to escape."""
    parts = re.findall(r"\\.|[^\\]|\\$", pattern, flags=re.DOTALL)
    plain = {"%": ".*", "_": "."}
    words = "".join(
        plain[part] if part in plain else re.escape(part[1:] if len(part) == 2 else part)
        for part in parts
    )
    return re.fullmatch(words, text, flags=re.DOTALL) is not None


@given(pattern=_TEXT, text=_TEXT)
def test_globs_match_as_like_does(pattern: str, text: str) -> None:
    """Whatever is special in either language."""
    connection = sqlite3.connect(":memory:")
    (found,) = connection.execute("SELECT ? GLOB ?", (text, _as_glob(pattern))).fetchone()
    connection.close()
    assert bool(found) == _like(pattern, text)


@pytest.mark.parametrize(
    ("document", "wanted", "expected"),
    [
        ('{"a": 1, "b": 2}', '{"b": 2}', True),
        ('{"a": 1}', '{"b": 2}', False),
        ('{"a": {"b": [1, 2]}}', '{"a": {"b": [2]}}', True),
        ('{"a": {"b": [1, 2]}}', '{"b": [2]}', False),
        ("[1, 2, 3]", "[3, 1, 1]", True),
        ("[1, 2]", "[3]", False),
        ('["x", "y"]', '"x"', True),
        ('[["x"]]', '"x"', False),
        ('[["x"]]', '["x"]', False),
        ('[["x", "y"]]', '[["y"]]', True),
        ('"x"', '"x"', True),
        ('"x"', '["x"]', False),
        ("1", "1.0", True),
        ("1", "true", False),
        ("null", "null", True),
        ("[]", "[]", True),
        ("{}", "{}", True),
        ("{}", "[]", False),
        ("[{}]", "{}", False),
    ],
)
def test_containing(document: str, wanted: str, expected: bool, postgres_server: Any) -> None:
    """`_contains` on SQLite says what PostgreSQL's `@>` says."""
    import psycopg

    assert bool(contains(document, wanted)) == expected
    with psycopg.connect(postgres_server.url("postgres")) as connection:
        row = connection.execute("SELECT %s::jsonb @> %s::jsonb", (document, wanted)).fetchone()
    assert row == (expected,)


def test_containing_of_nothing() -> None:
    """NULL contains nothing, and does not fail."""
    assert contains(None, "{}") is None
