"""Ids, moments, documents and words as columns hold them."""

from __future__ import annotations

import json
import random
import uuid
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql, sqlite

from prefect_results.backend.store.ids import new_id, new_ids, new_name
from prefect_results.backend.store.types import (
    Document,
    Identifier,
    Moment,
    Words,
    clean_text,
    encode_json,
    encode_moment,
    normalize_id,
)

DIALECTS = [sqlite.dialect(), postgresql.dialect()]
ZONES = st.integers(-23 * 60, 23 * 60).map(lambda m: timezone(timedelta(minutes=m)))
MOMENTS = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=ZONES)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_ids_are_uuids_in_order() -> None:
    """Ids are UUIDs of version 7 and sort as they were made."""
    ids = [new_id(), *new_ids(5000), new_id()]
    assert ids == sorted(set(ids))
    for each in ids[::500]:
        made = uuid.UUID(each)
        assert (made.version, made.variant) == (7, uuid.RFC_4122)
        assert str(made) == each
    assert new_ids(0) == []


def test_names_do_not_touch_the_random_state() -> None:
    """A seeded program gets different names and its own random numbers."""
    random.seed(1)
    expected = random.Random(1).random()
    names = {new_name() for _ in range(20)}
    assert random.random() == expected
    assert len(names) > 1
    assert all(name.count("-") == 1 for name in names)


@pytest.mark.parametrize("value", ["A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", uuid.UUID(int=5)])
def test_ids_are_normalized(value: object) -> None:
    """A UUID in any writing is its canonical text."""
    assert normalize_id(value) == str(uuid.UUID(str(value)))


@pytest.mark.parametrize("value", ["", "1", "not an id", 7, b"x"])
def test_what_is_no_id_is_null(value: object) -> None:
    """What cannot be an id is bound as NULL, which equals nothing."""
    for dialect in DIALECTS:
        assert Identifier().process_bind_param(value, dialect) is None


@given(MOMENTS, MOMENTS)
def test_moments_sort_as_text(one: datetime, other: datetime) -> None:
    """The text of moments sorts as the moments do and gives them back."""
    assert (encode_moment(one) < encode_moment(other)) == (one < other)
    read = Moment().result_processor(DIALECTS[0], None)
    assert read(encode_moment(one)) == one
    assert read(encode_moment(one)).tzinfo is timezone.utc


def test_moments_need_a_timezone() -> None:
    """A datetime without a timezone is refused on both databases."""
    for dialect in DIALECTS:
        with pytest.raises(ValueError, match="timezone"):
            Moment().process_bind_param(datetime(2021, 5, 12), dialect)


@given(JSON)
def test_documents_come_back(document: object) -> None:
    """A document is ASCII text without NUL, and comes back equal."""
    for dialect in DIALECTS:
        text = Document().process_bind_param(document, dialect)
        assert Document().result_processor(dialect, None)(text) == document
        if text is not None:
            assert text.isascii()
            assert "\x00" not in text


@given(JSON)
def test_json_is_that_of_the_standard_library(document: object) -> None:
    """The quick encoder writes what `json.dumps` writes."""
    assert encode_json(document) == json.dumps(document, separators=(",", ":"))


def test_json_refuses_other_objects() -> None:
    """What is not JSON is a TypeError that names its type, as with `json.dumps`."""
    with pytest.raises(TypeError, match="set"):
        encode_json({"a": {1}})
    assert encode_json([float("inf")]) == "[Infinity]"


@given(st.text(st.characters(exclude_categories=[])))
def test_words_can_be_stored(text: str) -> None:
    """Text loses what databases refuse, and nothing else."""
    clean = clean_text(text)
    assert clean is not None
    assert "\x00" not in clean
    clean.encode()
    if "\x00" not in text and not any("\ud800" <= char <= "\udfff" for char in text):
        assert clean == text
    assert Words().process_bind_param(None, DIALECTS[0]) is None
