"""The line key: the same parts always give it, and no others do."""

from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearbill.rules.line_key import line_key, parts_of
from clearbill.usage.columns import line_key_sql

PART = st.text(st.sampled_from("ab|\\' é"), max_size=6)
PARTS = st.tuples(PART, PART, PART, PART, PART, PART)


def test_a_key_is_its_parts_with_bars_between() -> None:
    assert line_key("12", "EC2", "S", "Usage", "Hrs", "USD") == "12|EC2|S|Usage|Hrs|USD"


def test_a_missing_part_is_empty() -> None:
    assert line_key("12", None, None, "Tax", None, "USD") == "12|||Tax||USD"


def test_bars_and_backslashes_in_a_part_are_told_from_the_separators() -> None:
    assert line_key("a|b", "c\\", "", "Usage", "", "USD") == "a\\|b|c\\\\||Usage||USD"


@given(parts=PARTS)
def test_the_parts_come_back_from_the_key(parts: tuple[str, ...]) -> None:
    assert parts_of(line_key(*parts)) == parts


@given(one=PARTS, other=PARTS)
def test_different_parts_never_share_a_key(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert (line_key(*one) == line_key(*other)) == (one == other)


@pytest.mark.parametrize("text", ["", "a|b", "a|b|c|d|e|f|g", "a|b|c|d|e|f\\"])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no line key"):
        parts_of(text)


@given(rows=st.lists(PARTS, min_size=1, max_size=20))
def test_the_engine_makes_the_same_keys(rows: list[Any]) -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t (a TEXT, b TEXT, c TEXT, d TEXT, e TEXT, f TEXT)")
        connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?)", rows)
        query = f"SELECT {line_key_sql(*'abcdef')} FROM t"
        keys = [key for (key,) in connection.execute(query).fetchall()]
    assert keys == [line_key(*parts) for parts in rows]
