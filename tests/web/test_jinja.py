"""The filters that pages use, and the environment's strictness."""

from decimal import Decimal

import pytest
from jinja2 import UndefinedError

from clearbill.web import formats
from clearbill.web.jinja import environment


def shown(template: str, **values: object) -> str:
    return environment().from_string(template).render(**values)


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [("1234.5", "USD", "1,234.50"), ("1234.5", "JPY", "1,235"), ("-0.005", "USD", "-0.01"),
     ("1.2345", "KWD", "1.235")],
)  # fmt: skip
def test_money_is_grouped_in_the_currencys_minor_units(
    amount: str, currency: str, text: str
) -> None:
    shown_as = shown("{{ a|money(c) }}", a=Decimal(amount), c=currency).replace("−", "-")
    assert shown_as == text


def test_a_period_is_shown_by_first_and_last_day() -> None:
    period = {"period_start": "2024-09-01", "period_end": "2024-10-01"}
    assert shown("{{ p|period }}", p=period) == "1–30 Sep 2024"


def test_a_share_is_shown_with_one_decimal() -> None:
    assert shown("{{ percent(a, b) }}", a=Decimal(1), b=Decimal(8)) == "12.5 %"


@pytest.mark.parametrize(
    ("part", "whole", "bar"),
    [("1.00", "3.00", "33"), ("-5.00", "10.00", "0"), ("15.00", "10.00", "100"), ("1", "0", "0")],
)
def test_a_bar_is_between_nothing_and_the_whole(part: str, whole: str, bar: str) -> None:
    assert shown("{{ share(a, b) }}", a=part, b=whole) == bar


def test_text_of_people_is_escaped() -> None:
    assert shown("{{ name }}", name="<script>") == "&lt;script&gt;"


def test_a_name_that_is_not_given_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        shown("{{ missing }}")


def test_an_empty_value_makes_no_query() -> None:
    assert shown("{{ with_query('/a/', q='', page=2) }}") == "/a/?page=2"


@pytest.mark.parametrize(
    ("amount", "currency", "shown", "rest"),
    [
        ("1234.5678901", "USD", "1,234.56", "78901"),
        ("10", "USD", "10.00", ""),
        ("1234.5", "JPY", "1,234", ".5"),
        ("-0.001", "EUR", "\N{MINUS SIGN}0.00", "1"),
    ],
)
def test_an_exact_amount_is_cut_at_the_minor_unit_and_loses_nothing(
    amount: str, currency: str, shown: str, rest: str
) -> None:
    assert formats.cut(Decimal(amount), currency) == (shown, rest)
