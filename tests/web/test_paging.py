"""Cursors: what was tampered with is the first page, never an error."""

import base64
import json

import pytest

from clearbill.web.paging import _values


def cursor(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


def test_a_cursor_carries_its_values() -> None:
    assert _values(cursor(["2024-09-01", 7]), 2) == ["2024-09-01", 7]


@pytest.mark.parametrize(
    "after",
    [None, "", "%%%", "é", cursor(None), cursor([1]), cursor([1, None]), cursor({"a": 1}),
     cursor([[1], 2]), cursor(["a\0", 1]), cursor([1.5, 2])],
)  # fmt: skip
def test_anything_else_is_the_first_page(after: str | None) -> None:
    assert _values(after, 2) == []
