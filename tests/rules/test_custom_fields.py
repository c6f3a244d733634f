"""Values of custom fields: text of one form, refused with what would do."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearbill.rules.custom_fields import BadValue, choices, name, value


@pytest.mark.parametrize(
    ("kind", "text", "kept"),
    [
        ("text", "  Cost\n centre  4711 ", "Cost centre 4711"),
        ("text", "=1+1", "=1+1"),
        ("number", " 1234.50 ", "1234.50"),
        ("number", "-0.5", "-0.5"),
        ("number", "007", "007"),
        ("date", "2026-10-30", "2026-10-30"),
        ("choice", "North", "North"),
        *((kind, "  ", "") for kind in ("text", "number", "date", "choice")),
    ],
)
def test_a_value_is_kept_as_text(kind: str, text: str, kept: str) -> None:
    assert value(kind, ["North", "South"], text) == kept


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        ("number", "1,5", "write it as"),
        ("number", "1e3", "write it as"),
        ("number", "NaN", "write it as"),
        ("number", "+5", "write it as"),
        ("number", "\u0661", "write it as"),
        ("number", "1.12345678901", "10 after it"),
        ("date", "30.10.2026", "YYYY-MM-DD"),
        ("date", "20261030", "YYYY-MM-DD"),
        ("date", "2026-02-30", "YYYY-MM-DD"),
        ("choice", "west", "North, South"),
        ("choice", "north", "North, South"),
        ("text", "x" * 501, "this has 501"),
        ("text", "a\0b", "control sign"),
    ],
)
def test_another_value_is_refused_with_what_would_do(kind: str, text: str, words: str) -> None:
    with pytest.raises(BadValue, match=words):
        value(kind, ["North", "South"], text)


@given(st.dates())
def test_every_date_is_kept_as_it_is_written(day: date) -> None:
    assert value("date", [], day.isoformat()) == day.isoformat()


@given(st.decimals(-(10**18), 10**18, places=4))
def test_every_number_is_kept_to_its_last_digit(number: object) -> None:
    assert value("number", [], f"{number:f}") == f"{number:f}"


@given(st.text())
def test_what_was_kept_is_kept_again(text: str) -> None:
    try:
        kept = value("text", [], text)
    except BadValue:
        return
    assert value("text", [], kept) == kept
    assert "\n" not in kept


def test_choices_keep_their_order_without_empty_ones() -> None:
    assert choices("choice", [" South ", "", "North"]) == ["South", "North"]
    assert choices("text", ["", " "]) == []


@pytest.mark.parametrize(
    ("kind", "given_", "words"),
    [
        ("choice", [""], "one choice a line"),
        ("choice", ["A", " A "], "twice"),
        ("choice", ["x" * 101], "at most 100 characters"),
        ("choice", [str(n) for n in range(101)], "at most 100 choices"),
        ("number", ["A"], "only a field of kind choice"),
    ],
)
def test_bad_choices_are_refused(kind: str, given_: list[str], words: str) -> None:
    with pytest.raises(BadValue, match=words):
        choices(kind, given_)


def test_a_name_is_one_line_and_not_one_that_documents_have() -> None:
    assert name("  Cost   centre ", 60) == "Cost centre"
    for bad, words in ((" ", "needs a name"), ("x" * 61, "60"), ("Purchase Order", "already")):
        with pytest.raises(BadValue, match=words):
            name(bad, 60)
