"""Rates: what somebody gave, what follows from it, and for which day."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearbill.rules.canonical import plain
from clearbill.rules.currencies import (
    DAY,
    DECIMALS,
    FRESH,
    MONTH,
    Quote,
    Rate,
    find,
    offered,
    why_it_stays,
)

FRIDAY = date(2026, 10, 30)
RATES = st.decimals("0.0001", "100000", places=10)


def daily(base: str, quote: str, rate: str, day: date = FRIDAY, source: str = "ECB") -> Quote:
    return Quote(base, quote, DAY, day, Decimal(rate), source)


def monthly(base: str, quote: str, rate: str, month: date = date(2026, 10, 1)) -> Quote:
    return Quote(base, quote, MONTH, month, Decimal(rate), "by hand")


def rate_of(quotes: list[Quote], base: str, quote: str, on: date = FRIDAY) -> str | None:
    found = find(quotes, base, quote, on)
    return plain(found.rate) if found else None


def test_a_rate_that_was_given_is_the_rate() -> None:
    assert find([daily("EUR", "USD", "1.0844")], "EUR", "USD", FRIDAY) == Rate(
        "EUR", "USD", Decimal("1.0844"), "ECB", FRIDAY
    )


def test_the_reverse_is_one_divided_by_it_rounded_once() -> None:
    assert rate_of([daily("EUR", "USD", "1.0844")], "USD", "EUR") == "0.9221689414"


def test_a_rate_through_another_currency_multiplies_before_it_is_rounded() -> None:
    quotes = [daily("EUR", "USD", "1.0844"), daily("EUR", "JPY", "165.23")]
    # 165.23 times the rounded reverse would be 152.3699741875.
    assert rate_of(quotes, "USD", "JPY") == "152.3699741793"


def test_a_rate_through_another_names_both_sources_and_the_older_day() -> None:
    thursday = FRIDAY - timedelta(days=1)
    quotes = [daily("EUR", "USD", "1.0844", thursday), daily("EUR", "GBP", "0.86", source="Bank")]
    found = find(quotes, "USD", "GBP", FRIDAY)
    assert found is not None
    assert (found.source, found.day) == ("ECB and Bank", thursday)
    same = find([quotes[0], daily("EUR", "GBP", "0.86")], "USD", "GBP", FRIDAY)
    assert same is not None and same.source == "ECB, through EUR"


@pytest.mark.parametrize(("days", "holds"), [(-1, False), (0, True), (7, True), (8, False)])
def test_a_daily_rate_holds_from_its_day_for_a_week(days: int, holds: bool) -> None:
    found = find([daily("EUR", "USD", "1.1")], "EUR", "USD", FRIDAY + timedelta(days=days))
    assert (found is not None) == holds
    assert timedelta(days=7) == FRESH


@pytest.mark.parametrize(
    ("on", "holds"),
    [
        (date(2026, 9, 30), False),
        (date(2026, 10, 1), True),
        (date(2026, 10, 31), True),
        (date(2026, 11, 1), False),
        (date(2025, 10, 15), False),
    ],
)
def test_a_monthly_rate_holds_in_its_month(on: date, holds: bool) -> None:
    assert (find([monthly("EUR", "USD", "1.1")], "EUR", "USD", on) is not None) == holds


def test_the_newest_daily_rate_counts() -> None:
    quotes = [daily("EUR", "USD", "1.2"), daily("EUR", "USD", "1.1", FRIDAY - timedelta(days=1))]
    assert rate_of(quotes, "EUR", "USD") == rate_of(quotes[::-1], "EUR", "USD") == "1.2"


def test_a_monthly_rate_goes_before_a_daily_one_in_both_directions() -> None:
    quotes = [daily("EUR", "USD", "1.2"), monthly("USD", "EUR", "0.8")]
    assert rate_of(quotes, "USD", "EUR") == "0.8"
    assert rate_of(quotes, "EUR", "USD") == "1.25"


def test_the_pairs_own_rate_goes_before_the_reverse_and_both_before_another_currency() -> None:
    through = [daily("EUR", "USD", "2"), daily("EUR", "GBP", "4")]
    assert rate_of(through, "USD", "GBP") == "2"
    reverse = [*through, daily("GBP", "USD", "0.25")]
    assert rate_of(reverse, "USD", "GBP") == "4"
    assert rate_of([*reverse, daily("USD", "GBP", "5")], "USD", "GBP") == "5"


def test_two_steps_between_are_one_too_many() -> None:
    chain = [daily("AUD", "EUR", "0.6"), daily("EUR", "USD", "1.1"), daily("USD", "JPY", "150")]
    assert rate_of(chain, "AUD", "USD") is not None
    assert rate_of(chain, "AUD", "JPY") is None


def test_a_rate_that_rounds_to_nothing_is_none() -> None:
    assert rate_of([daily("AAA", "BBB", "99999999999")], "BBB", "AAA") is None


@pytest.mark.parametrize(
    ("quote", "amount", "shown"),
    [("USD", "0.125", "0.13"), ("USD", "-0.125", "-0.13"), ("JPY", "0.5", "1"),
     ("KWD", "1.0005", "1.001")],
)  # fmt: skip
def test_to_read_an_amount_is_in_minor_units_half_away(quote: str, amount: str, shown: str) -> None:
    rate = Rate("EUR", quote, Decimal(1), "ECB", FRIDAY)
    assert f"{rate.convert(Decimal(amount)):f}" == shown


def test_to_bill_an_amount_keeps_eighteen_decimals() -> None:
    rate = Rate("USD", "EUR", Decimal("0.9221689414"), "ECB", FRIDAY)
    assert rate.exactly(Decimal("0.000000000123456789")) == Decimal("0.000000000113848016")


def test_offered_are_the_known_ones_in_order_without_the_documents_own() -> None:
    quotes = [daily("EUR", "USD", "1.1"), daily("EUR", "GBP", "0.9")]
    rates = offered(quotes, "EUR", ["USD", "EUR", "JPY", "GBP", "USD"], FRIDAY)
    assert [each.quote for each in rates] == ["USD", "GBP"]
    assert offered([], "EUR", ["USD"], FRIDAY) == []


@given(RATES)
def test_there_and_back_is_one_up_to_the_last_decimal(rate: Decimal) -> None:
    found = find([Quote("EUR", "USD", DAY, FRIDAY, rate, "x")], "USD", "EUR", FRIDAY)
    assert found is not None
    assert abs(found.rate * rate - 1) <= rate * Decimal("0.5e-10")


@given(st.permutations(
    [daily("EUR", "USD", "1.1"), daily("EUR", "USD", "1.2", FRIDAY - timedelta(days=2)),
     monthly("USD", "EUR", "0.7"), daily("GBP", "EUR", "1.3"), daily("USD", "GBP", "0.8"),
     daily("CHF", "USD", "1.4"), daily("CHF", "JPY", "170"), daily("EUR", "JPY", "165")]
))  # fmt: skip
def test_the_order_of_the_quotes_decides_nothing(quotes: list[Quote]) -> None:
    for base, quote, rate in (
        ("EUR", "USD", "1.4285714286"),
        ("USD", "GBP", "0.8"),
        ("USD", "JPY", "121.4285714286"),
    ):
        assert rate_of(quotes, base, quote) == rate


@given(RATES, RATES)
def test_every_rate_has_ten_decimals_and_is_positive(first: Decimal, second: Decimal) -> None:
    quotes = [
        Quote("EUR", "USD", DAY, FRIDAY, first, "x"),
        Quote("EUR", "GBP", DAY, FRIDAY, second, "x"),
    ]
    found = find(quotes, "USD", "GBP", FRIDAY)
    assert found is None or (found.rate > 0 and -found.rate.as_tuple().exponent <= DECIMALS)  # type: ignore[operator]


def test_a_billing_currency_stays_while_a_draft_is_in_another_one() -> None:
    assert why_it_stays("EUR", []) == ""
    assert why_it_stays("EUR", [("D-000002", "EUR")]) == ""
    one = why_it_stays("EUR", [("D-000001", "USD"), ("D-000002", "EUR")])
    assert one.startswith("D-000001 is a draft in another currency than EUR: publish or discard it")
    many = why_it_stays("EUR", [(f"D-00000{number}", "USD") for number in (5, 1, 2, 3)])
    assert many.startswith("D-000001, D-000002, D-000003 and 1 more are drafts")
