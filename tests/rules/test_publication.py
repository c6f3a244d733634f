"""What holds a draft back, and in which order it is said."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from clearbill.rules.lifecycle import Kind
from clearbill.rules.publication import NEGATIVE, why_not_due, why_not_published

FINE: dict[str, Any] = {
    "kind": Kind.TAX_INVOICE,
    "total": Decimal("10"),
    "stale": "",
    "as_it_stands": False,
    "missing": [],
}
STALE = "it is stale (prices changed): refresh it, or publish it as it stands"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, ""),
        ({"total": Decimal("-1")}, NEGATIVE),
        ({"total": Decimal("-1"), "kind": Kind.STATEMENT}, ""),
        ({"total": Decimal("0")}, ""),
        ({"stale": "prices changed"}, STALE),
        ({"stale": "prices changed", "as_it_stands": True}, ""),
        ({"missing": ["Cost centre", "Order"]}, "fill in first: Cost centre, Order"),
        ({"stale": "prices changed", "as_it_stands": True, "missing": ["A"]}, "fill in first: A"),
    ],
)
def test_a_draft_is_published_unless_something_holds_it_back(
    given: dict[str, Any], why: str
) -> None:
    assert why_not_published(**FINE | given) == why


def test_nothing_is_due_before_it_is_issued() -> None:
    today = date(2024, 10, 2)
    assert why_not_due(None, today) == why_not_due(today, today) == ""
    assert why_not_due(date(2024, 10, 1), today).startswith("it is due on 1 Oct 2024, before")
