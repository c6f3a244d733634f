"""What a form gave is read, or refused at its field."""

from datetime import date

import pytest

from clearbill.actions.common import Refused
from clearbill.web import forms


def test_an_empty_field_is_no_date_and_no_number() -> None:
    assert forms.day({"due": " "}, "due") is None
    assert forms.number_of_days({}, "terms") is None


def test_a_date_and_a_number_of_days_are_read() -> None:
    assert forms.day({"due": "2024-09-30"}, "due") == date(2024, 9, 30)
    assert forms.number_of_days({"terms": "30"}, "terms") == 30


@pytest.mark.parametrize("text", ["tomorrow", "30.09.2024", "2024-02-30"])
def test_what_is_no_date_is_refused_at_its_field(text: str) -> None:
    with pytest.raises(Refused) as refused:
        forms.day({"due": text}, "due")
    assert refused.value.field == "due"


@pytest.mark.parametrize("text", ["soon", "-1", "1.5", "٣", "99999999999"])
def test_what_is_no_number_of_days_is_refused_at_its_field(text: str) -> None:
    with pytest.raises(Refused) as refused:
        forms.number_of_days({"terms": text}, "terms")
    assert refused.value.field == "terms"


@pytest.mark.parametrize("text", ["", "x", "-1", "1.5", "\u0663", "9" * 19, "9" * 5000])
def test_what_is_no_id_names_no_row(text: str) -> None:
    assert forms.whole(text) is None
    assert forms.field_values({f"field_{text}": "value", "field_7": "seven"}) == {7: "seven"}


def test_a_browsers_line_ends_become_ours() -> None:
    assert forms.lines({"address": " One\r\nTwo \r\n"}, "address") == "One\nTwo"
