"""Numbers, and the dates that rise with them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearbill.rules.numbering import (
    BadIssueDate,
    by_counter,
    document_id,
    invoice_number,
    is_document_id,
    issue_date,
)

TODAY = date(2024, 11, 24)


def test_numbers_are_written_with_six_digits_and_more_where_needed() -> None:
    assert document_id(123) == "D-000123"
    assert invoice_number("INV-", 1) == "INV-000001"
    assert invoice_number("INV-", 1234567) == "INV-1234567"


@given(st.integers(1, 10**12), st.integers(1, 10**12))
def test_no_two_counters_share_a_number(one: int, other: int) -> None:
    assert (invoice_number("A", one) == invoice_number("A", other)) == (one == other)


def test_without_a_date_it_is_today() -> None:
    assert issue_date(given=None, today=TODAY, last=None) == TODAY


def test_the_first_of_a_series_may_be_dated_back() -> None:
    assert issue_date(given=date(2020, 1, 1), today=TODAY, last=None) == date(2020, 1, 1)


def test_the_same_day_as_the_last_is_fine() -> None:
    last = date(2024, 11, 1)
    assert issue_date(given=last, today=TODAY, last=last) == last


def test_before_the_last_of_its_series_is_refused() -> None:
    with pytest.raises(BadIssueDate, match="2024-11-01"):
        issue_date(given=date(2024, 10, 31), today=TODAY, last=date(2024, 11, 1))


def test_a_document_id_is_known_by_its_form() -> None:
    assert is_document_id(document_id(1))
    assert is_document_id(document_id(12_345_678))
    for text in (
        "",
        "D-1",
        "D-000001/",
        "D-000001\n",
        "D-\u0663\u0663\u0663\u0663\u0663\u0663",
        "INV-000001",
    ):
        assert not is_document_id(text)


def test_tomorrow_is_refused() -> None:
    with pytest.raises(BadIssueDate, match="future"):
        issue_date(given=date(2024, 11, 25), today=TODAY, last=None)


def test_ids_of_more_digits_come_later() -> None:
    codes = ["D-1000000", "D-000002", "D-999999", "D-000001"]
    assert sorted(codes, key=by_counter) == ["D-000001", "D-000002", "D-999999", "D-1000000"]
